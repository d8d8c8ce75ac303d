// Capture files for tests: a folder that vanishes, and bytes of pcap and pcapng written by hand in
// either byte order.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "gen/pcap_reader.hpp"

namespace ringbed::gen::testing {

struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ringbed-gen-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
};

inline std::vector<std::uint8_t> file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct ReadFrame {
  std::vector<std::uint8_t> bytes;
  std::uint32_t wire_length = 0;
  std::int64_t time_ns = 0;
  bool operator==(const ReadFrame&) const = default;
};

inline std::vector<ReadFrame> read_all(PcapReader& reader) {
  std::vector<ReadFrame> frames;
  CapturedFrame frame;
  while (reader.next(frame) == PcapReader::Read::frame) {
    frames.push_back({{frame.bytes.begin(), frame.bytes.end()}, frame.wire_length, frame.time_ns});
  }
  return frames;
}

class Bytes {
 public:
  explicit Bytes(bool big) : big_(big) {}

  std::vector<std::uint8_t> bytes;

  template <typename T>
  Bytes& put(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      const std::size_t shift = 8 * (big_ ? sizeof value - 1 - i : i);
      bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> shift));
    }
    return *this;
  }
  Bytes& u8(unsigned value) { return put(static_cast<std::uint8_t>(value)); }
  Bytes& u16(unsigned value) { return put(static_cast<std::uint16_t>(value)); }
  Bytes& u32(std::uint32_t value) { return put(value); }
  Bytes& append(const Bytes& other) {
    bytes.insert(bytes.end(), other.bytes.begin(), other.bytes.end());
    return *this;
  }
  Bytes& padded(const std::vector<std::uint8_t>& data) {
    bytes.insert(bytes.end(), data.begin(), data.end());
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return *this;
  }

  // pcapng
  Bytes& block(std::uint32_t type, const std::vector<std::uint8_t>& body) {
    const auto length = static_cast<std::uint32_t>(12 + (body.size() + 3) / 4 * 4);
    return u32(type).u32(length).padded(body).u32(length);
  }
  Bytes& section() {
    Bytes body(big_);
    body.u32(0x1a2b3c4d).u16(1).u16(0).put(UINT64_MAX);
    return block(0x0a0d0d0a, body.bytes);
  }
  using Options = std::vector<std::pair<unsigned, std::vector<std::uint8_t>>>;
  Bytes& interface(unsigned link_type, std::uint32_t snap, const Options& options) {
    Bytes body(big_);
    body.u16(link_type).u16(0).u32(snap);
    for (const auto& [code, value] : options) {
      body.u16(code).u16(static_cast<unsigned>(value.size())).padded(value);
    }
    if (!options.empty()) {
      body.u32(0);
    }
    return block(1, body.bytes);
  }
  Bytes& enhanced(std::uint32_t interface, std::uint64_t ticks,
                  const std::vector<std::uint8_t>& data, std::uint32_t on_wire) {
    Bytes body(big_);
    body.u32(interface).u32(static_cast<std::uint32_t>(ticks >> 32));
    body.u32(static_cast<std::uint32_t>(ticks)).u32(static_cast<std::uint32_t>(data.size()));
    body.u32(on_wire).padded(data);
    return block(6, body.bytes);
  }
  Bytes& obsolete(unsigned interface, std::uint64_t ticks, const std::vector<std::uint8_t>& data) {
    Bytes body(big_);
    body.u16(interface).u16(0).u32(static_cast<std::uint32_t>(ticks >> 32));
    body.u32(static_cast<std::uint32_t>(ticks)).u32(static_cast<std::uint32_t>(data.size()));
    body.u32(static_cast<std::uint32_t>(data.size())).padded(data);
    return block(2, body.bytes);
  }
  Bytes& simple(std::uint32_t on_wire, const std::vector<std::uint8_t>& data) {
    Bytes body(big_);
    body.u32(on_wire).padded(data);
    return block(3, body.bytes);
  }

 private:
  bool big_;
};

}  // namespace ringbed::gen::testing
