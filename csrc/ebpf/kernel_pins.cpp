#include "ebpf/kernel_pins.hpp"

#include <algorithm>
#include <filesystem>

#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

namespace fs = std::filesystem;

fs::path link_path(const std::string& folder) { return fs::path(folder) / "link"; }
fs::path maps_path(const std::string& folder) { return fs::path(folder) / "maps"; }

fs::path notes_path(const std::string& folder) { return fs::path(folder) / "notes"; }

fs::path map_path(const std::string& folder, std::string name) {
  std::ranges::replace(name, '.', '_');
  return maps_path(folder) / name;
}

base::Status file_error(const std::string& what, const std::error_code& error) {
  return base::Error{base::ErrorCode::invalid, what + ": " + error.message(),
                     "name a folder in a BPF file system: mount -t bpf bpf /sys/fs/bpf"};
}

// Constants belong to a generation.
bool shared(const KernelMap& map) { return !map.spec().frozen; }

base::Status pin_all(const KernelClassifier& classifier, const std::string& folder) {
  for (const KernelMap* map : classifier.maps()) {
    if (!shared(*map)) continue;
    const fs::path path = map_path(folder, map->spec().name);
    if (auto status = pin_object(map->descriptor(), path.string()); !status) return status;
  }
  return classifier.link()->pin(link_path(folder).string());
}

}  // namespace

base::Status pin_classifier(const KernelClassifier& classifier, const std::string& folder) {
  std::error_code error;
  if (fs::exists(link_path(folder), error)) {
    return base::Error{
        base::ErrorCode::invalid, "a classifier is pinned in " + folder + " already",
        "ringbed classifier unload --pin " + folder + ", or swap --pin to replace it"};
  }
  fs::create_directories(maps_path(folder), error);
  if (error) return file_error("cannot make " + maps_path(folder).string(), error);
  const base::Status status = pin_all(classifier, folder);
  if (!status) fs::remove_all(folder, error);
  return status;
}

base::Result<KernelLink> open_pinned_link(const std::string& folder) {
  return KernelLink::open(link_path(folder).string());
}

PinnedMaps open_pinned_maps(const std::string& folder, const ObjectSpec& object) {
  PinnedMaps pinned;
  for (const MapSpec& spec : object.maps) {
    auto map = open_pinned(map_path(folder, spec.name).string());
    if (!map) continue;
    pinned.maps.push_back({spec.name, map.value().get()});
    pinned.descriptors.push_back(std::move(map).value());
  }
  return pinned;
}

// A new pin beside the old one, then a rename over it: a prog_array that is still in use never
// loses its last holder in between.
base::Status renew_pins(const KernelClassifier& classifier, const std::string& folder) {
  wait_for_running_programs();
  for (const KernelMap* map : classifier.maps()) {
    if (!shared(*map)) continue;
    const fs::path path = map_path(folder, map->spec().name);
    const fs::path beside = path.string() + "_new";
    std::error_code error;
    fs::remove(beside, error);
    if (auto status = pin_object(map->descriptor(), beside.string()); !status) return status;
    fs::rename(beside, path, error);
    if (error) return file_error("cannot renew " + path.string(), error);
  }
  return {};
}

base::Status pin_notes(const std::string& folder,
                       const std::vector<std::vector<std::uint8_t>>& notes) {
  const std::uint8_t first[4] = {};
  std::error_code error;
  fs::remove_all(notes_path(folder), error);
  fs::create_directory(notes_path(folder), error);
  if (error) return file_error("cannot make " + notes_path(folder).string(), error);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    MapSpec spec;
    spec.name = "note";
    spec.type = MapType::array;
    spec.key_size = sizeof first;
    spec.value_size = static_cast<std::uint32_t>(notes[i].size());
    spec.max_entries = 1;
    auto map = KernelMap::create(spec);
    if (!map) return map.error();
    if (const int result = map.value().write(first, notes[i].data(), update_flag::any);
        result != 0) {
      return kernel_error("cannot keep what the classifier was made of", -result);
    }
    const fs::path path = notes_path(folder) / std::to_string(i);
    if (auto status = pin_object(map.value().descriptor(), path.string()); !status) return status;
  }
  return {};
}

std::vector<std::vector<std::uint8_t>> pinned_notes(const std::string& folder) {
  const std::uint8_t first[4] = {};
  std::vector<std::vector<std::uint8_t>> notes;
  for (;;) {
    auto pin = open_pinned((notes_path(folder) / std::to_string(notes.size())).string());
    if (!pin) return notes;
    auto map = KernelMap::adopt(std::move(pin).value());
    if (!map) return notes;
    std::vector<std::uint8_t> value(map.value().spec().value_size);
    if (map.value().read(first, value.data(), 0) != 0) return notes;
    notes.push_back(std::move(value));
  }
}

base::Status remove_pins(const std::string& folder) {
  auto link = KernelLink::open(link_path(folder).string());
  if (!link) return link.error();
  link.value().detach_now();
  wait_for_running_programs();
  std::error_code error;
  fs::remove_all(maps_path(folder), error);
  fs::remove_all(notes_path(folder), error);
  fs::remove(link_path(folder), error);
  fs::remove(folder, error);
  return error ? file_error("cannot remove " + folder, error) : base::Status();
}

}  // namespace ringbed::ebpf
