// Datagrams that a socket got in rows (UDP_GRO): room for the rows, and the way through them, one
// datagram at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "port/datagram.hpp"

namespace ringbed::port {

class UdpRows {
 public:
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kBytes = 65'536;  // a row is an IP packet

  UdpRows() : bytes_(kMost * kBytes) { rows_.reserve(kMost); }

  [[nodiscard]] std::uint8_t* room(std::size_t index) noexcept {
    return bytes_.data() + index * kBytes;
  }
  // Row `index` was filled. Only while there is none left from before.
  void add(std::size_t index, const Datagram& datagram, std::uint32_t segment) {
    rows_.push_back({index, datagram, segment == 0 ? datagram.payload_bytes : segment, 0});
  }
  [[nodiscard]] bool empty() const noexcept { return next_ == rows_.size(); }

  // The next datagram and its payload. Not while empty().
  [[nodiscard]] Datagram take(const std::uint8_t*& payload) noexcept {
    Row& row = rows_[next_];
    Datagram datagram = row.datagram;
    payload = room(row.index) + row.at;
    datagram.payload_bytes = std::min(row.segment, row.datagram.payload_bytes - row.at);
    row.at += datagram.payload_bytes;
    if (row.at >= row.datagram.payload_bytes && ++next_ == rows_.size()) {
      rows_.clear();
      next_ = 0;
    }
    return datagram;
  }

 private:
  struct Row {
    std::size_t index;
    Datagram datagram;
    std::uint32_t segment;
    std::uint32_t at;  // what was taken
  };

  std::vector<std::uint8_t> bytes_;
  std::vector<Row> rows_;
  std::size_t next_ = 0;
};

}  // namespace ringbed::port
