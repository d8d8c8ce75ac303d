// Runs every vector of test/conformance/wire/frames.txt through the dissector and the printer.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "support/bytes.hpp"
#include "wire/dissect.hpp"

namespace ringbed::wire {
namespace {

struct Vector {
  std::string name;
  std::string hex;
  std::optional<std::uint32_t> wire_length;
  std::uint16_t link_type = link_type::kEthernet;
  std::string layers;
  std::string problems;
  std::string verdict;
  std::vector<std::string> json;
};

std::vector<Vector> load_vectors() {
  std::ifstream file(RINGBED_SOURCE_DIR "/test/conformance/wire/frames.txt");
  EXPECT_TRUE(file.is_open());
  std::vector<Vector> vectors;
  std::string comment;
  for (std::string line; std::getline(file, line);) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string key = line.substr(0, space);
    const std::string value = line.substr(std::min(space + 1, line.size()));
    if (key == "#") {
      comment = value;
    } else if (key == "frame") {
      vectors.push_back({comment, value, {}, link_type::kEthernet, "", "", "", {}});
    } else if (key == "wire") {
      vectors.back().wire_length = static_cast<std::uint32_t>(std::stoul(value));
    } else if (key == "link") {
      vectors.back().link_type = static_cast<std::uint16_t>(std::stoul(value));
      EXPECT_TRUE(has_dissector(vectors.back().link_type)) << value;
    } else if (key == "layers") {
      vectors.back().layers = value;
    } else if (key == "problems") {
      vectors.back().problems = value;
    } else if (key == "verdict") {
      vectors.back().verdict = value;
    } else if (key == "json") {
      vectors.back().json.push_back(value);
    } else {
      EXPECT_EQ(line, "") << "a line that the runner does not know";
    }
  }
  return vectors;
}

std::string describe_layers(const Dissection& dissection) {
  std::ostringstream text;
  const char* space = "";
  const auto put = [&](std::string_view name, std::uint32_t offset, std::uint32_t length) {
    text << space << name << '@' << offset << '+' << length;
    space = " ";
  };
  for (const Layer& layer : dissection.layers()) {
    put(protocols()[layer.protocol].name, layer.offset, layer.length);
  }
  if (dissection.payload_length > 0) {
    put("payload", dissection.payload_offset, dissection.payload_length);
  }
  return text.str();
}

std::string describe_problems(const Dissection& dissection) {
  std::ostringstream text;
  const char* space = "";
  for (const Problem& problem : dissection.problems()) {
    text << space << to_string(problem.rule) << '@' << problem.offset << '/'
         << static_cast<unsigned>(problem.layer);
    space = " ";
  }
  return text.str();
}

TEST(WireConformance, EveryVectorGivesItsLayersProblemsAndVerdict) {
  const auto vectors = load_vectors();
  ASSERT_GT(vectors.size(), 90U);
  for (const Vector& vector : vectors) {
    SCOPED_TRACE(vector.name);
    const auto bytes = test::exact_copy(test::from_hex(vector.hex));
    const auto wire_length =
        vector.wire_length.value_or(static_cast<std::uint32_t>(bytes.view().size()));
    Dissection dissection;
    dissect(bytes.view(), wire_length, dissection, vector.link_type);
    EXPECT_EQ(describe_layers(dissection), vector.layers);
    EXPECT_EQ(describe_problems(dissection), vector.problems);
    EXPECT_EQ(to_string(dissection.verdict), vector.verdict);
    std::string line;
    print_json(dissection, bytes.view(), 1, 0, line);
    for (const std::string& part : vector.json) {
      EXPECT_NE(line.find(part), std::string::npos) << part << "\nis not in\n" << line;
    }
  }
}

// The rules that a frame alone can break. The others need more than a frame: a device's
// configuration or state (ip_source_zero: DHCP sends such frames), or a payload's format.
TEST(WireConformance, EveryFrameRuleHasAVectorThatBreaksIt) {
  std::set<std::string> broken;
  for (const Vector& vector : load_vectors()) {
    std::istringstream problems(vector.problems);
    for (std::string problem; problems >> problem;) {
      broken.insert(problem.substr(0, problem.find('@')));
    }
  }
  const std::set<std::string_view> needs_more = {"ethertype_unknown", "ip_source_zero",
                                                 "ip_protocol_unknown", "payload_truncated",
                                                 "payload_malformed"};
  const auto first = static_cast<std::size_t>(Reason::ethernet_truncated);
  const auto last = static_cast<std::size_t>(Reason::capture_truncated);
  for (std::size_t i = first; i <= last; ++i) {
    const std::string_view name = base::kReasons[i].name;
    EXPECT_EQ(broken.contains(std::string(name)), !needs_more.contains(name)) << name;
  }
}

}  // namespace
}  // namespace ringbed::wire
