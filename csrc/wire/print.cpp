// Writes a dissection as one line of JSON, driven by the field tables. All text that is written
// comes from the tables or is hexadecimal, so nothing needs escaping.
#include <charconv>

#include "wire/address.hpp"
#include "wire/dissect.hpp"

namespace ringbed::wire {
namespace {

template <std::integral T>
void put(std::string& out, T value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void put_hex(std::string& out, ByteView bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::size_t at = out.size();
  out.resize(at + 2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    out[at++] = kHex[byte >> 4];
    out[at++] = kHex[byte & 15];
  }
}

template <typename Address>
void put_address(std::string& out, const Address& address) {
  char text[kIpv6TextBytes];
  out += '"';
  out.append(text, format(address, text));
  out += '"';
}

// `at` is in a field of 8 bytes, the byte before it is the address's length.
void put_link_address(std::string& out, const std::uint8_t* at) {
  const std::size_t length = std::min<std::size_t>(at[-1], 8);
  if (length == sizeof(MacAddress)) {
    return put_address(out, MacAddress::load(at));
  }
  if (length == sizeof(Ipv4Address)) {
    return put_address(out, Ipv4Address::load(at));
  }
  out += '"';
  put_hex(out, {at, length});
  out += '"';
}

void put_checksum(std::string& out, Checksum checksum) {
  out += checksum == Checksum::good ? "true" : checksum == Checksum::bad ? "false" : "null";
}

// The bytes of a field that has no width of its own: the rest of the layer.
ByteView variable_bytes(const FieldSpec& field, ByteView header) {
  return field.type == FieldType::bytes && field.bits == 0 ? base::sub(header, field.offset_bytes())
                                                           : ByteView{};
}

void put_value(std::string& out, const FieldSpec& field, ByteView header, Checksum checksum) {
  const std::uint8_t* at = header.data() + field.offset_bytes();
  switch (field.type) {
    case FieldType::host_uint:
    case FieldType::uint: {
      const bool as_text = field.bits > 53;  // JSON numbers are exact up to 2^53
      out.append(as_text ? 1 : 0, '"');
      put(out, read_field(field, header));
      out.append(as_text ? 1 : 0, '"');
      return;
    }
    case FieldType::boolean:
      if (field.bits == 0) {
        put_checksum(out, checksum);
      } else {
        out += read_field(field, header) != 0 ? "true" : "false";
      }
      return;
    case FieldType::presumed: out += "true"; return;
    case FieldType::mac: return put_address(out, MacAddress::load(at));
    case FieldType::link_address: return put_link_address(out, at);
    case FieldType::ipv4: return put_address(out, Ipv4Address::load(at));
    case FieldType::ipv6: return put_address(out, Ipv6Address::load(at));
    case FieldType::ascii:  // headers hold no text; as bytes until one does
    case FieldType::bytes:
      out += '"';
      put_hex(out, field.bits == 0 ? variable_bytes(field, header)
                                   : base::sub(header, field.offset_bytes(), field.bits / 8U));
      out += '"';
      return;
  }
}

void open_layer(std::string& out, std::string_view protocol, std::uint32_t offset,
                std::uint32_t length) {
  out += R"({"protocol":")";
  out += protocol;
  out += R"(","offset":)";
  put(out, offset);
  out += R"(,"length":)";
  put(out, length);
  out += R"(,"fields":{)";
}

bool is_there(const FieldSpec& field, const Layer& layer, ByteView header) {
  if (field.type == FieldType::presumed) {
    return layer.length_presumed;
  }
  if (field.type == FieldType::bytes && field.bits == 0) {
    return !variable_bytes(field, header).empty();
  }
  return field.end_bytes() <= header.size() &&
         (field.type != FieldType::link_address || header[field.offset_bytes() - 1] != 0);
}

void put_fields(std::string& out, const Layer& layer, ByteView header) {
  bool first = true;
  for (const FieldSpec& field : protocols()[layer.protocol].fields) {
    if (!is_there(field, layer, header)) {
      continue;
    }
    out += first ? "\"" : ",\"";
    first = false;
    out += field.name;
    out += "\":";
    put_value(out, field, header, layer.checksum);
  }
}

void put_layers(std::string& out, const Dissection& dissection, ByteView captured) {
  bool first = true;
  for (const Layer& layer : dissection.layers()) {
    out.append(first ? 0 : 1, ',');
    open_layer(out, protocols()[layer.protocol].name, layer.offset, layer.length);
    put_fields(out, layer, base::sub(captured, layer.offset, layer.length));
    const ByteView trailer = base::sub(captured, dissection.trailer_offset);
    if (first && !trailer.empty()) {
      out += R"(,"trailer":")";
      put_hex(out, trailer);
      out += '"';
    }
    out += "}}";
    first = false;
  }
  if (dissection.payload_length > 0) {
    out.append(first ? 0 : 1, ',');
    open_layer(out, "payload", dissection.payload_offset, dissection.payload_length);
    out += R"("hex":")";
    put_hex(out, base::sub(captured, dissection.payload_offset, dissection.payload_length));
    out += "\"}}";
  }
}

}  // namespace

void print_json(const Dissection& dissection, ByteView captured, std::uint64_t frame_number,
                std::int64_t time_ns, std::string& out) {
  out += R"({"frame":)";
  put(out, frame_number);
  out += R"(,"timeNs":")";
  put(out, time_ns);
  out += R"(","length":)";
  put(out, dissection.wire_length);
  out += R"(,"captured":)";
  put(out, dissection.captured);
  out += R"(,"layers":[)";
  put_layers(out, dissection, captured);
  out += R"(],"problems":[)";
  bool first = true;
  for (const Problem& problem : dissection.problems()) {
    out += first ? R"({"rule":")" : R"(,{"rule":")";
    first = false;
    out += base::to_string(problem.rule);
    out += R"(","layer":)";
    put(out, problem.layer);
    out += R"(,"offset":)";
    put(out, problem.offset);
    out += '}';
  }
  out += R"(],"verdict":")";
  out += to_string(dissection.verdict);
  out += "\"}\n";
}

}  // namespace ringbed::wire
