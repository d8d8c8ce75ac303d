#include "ebpf/object_maps.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ebpf/fields.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint64_t kSlotBytes = 8;  // a pointer in an initialiser

// One __uint(): a pointer to an array whose length is the number.
std::optional<std::uint32_t> number_of(const Btf& btf, std::uint32_t type) {
  const BtfType* pointer = btf.resolve(type);
  if (pointer == nullptr || pointer->kind != BtfKind::pointer) return std::nullopt;
  const BtfType* array = btf.resolve(pointer->type);
  if (array == nullptr || array->kind != BtfKind::array) return std::nullopt;
  return array->count;
}

// The type that a __type() points to.
std::optional<std::uint32_t> target_of(const Btf& btf, std::uint32_t type) {
  const BtfType* pointer = btf.resolve(type);
  if (pointer == nullptr || pointer->kind != BtfKind::pointer) return std::nullopt;
  return pointer->type;
}

class DefinitionReader {
 public:
  DefinitionReader(const Elf& file, const Btf& btf) : file_(file), btf_(btf) {}

  base::Result<std::vector<ObjectMap>> run() {
    const std::uint32_t section = file_.find(".maps");
    const BtfType* list = btf_.find_section(".maps");
    if (section == 0) return std::move(maps_);
    if (list == nullptr) return section_error(".maps", "needs BTF (compile with -g)");
    for (const BtfMember& member : list->members) {
      const BtfType* variable = btf_.type(member.type);
      if (variable == nullptr || variable->kind != BtfKind::variable) {
        return section_error(".maps", "holds something that is no variable");
      }
      // The symbol says where the variable lies: clang leaves the offsets of BTF to the loader.
      const ElfSymbol* symbol = nullptr;
      for (const ElfSymbol& each : file_.symbols) {
        if (each.section == section && each.name == variable->name) symbol = &each;
      }
      if (symbol == nullptr) {
        return section_error(".maps", "has no symbol for map " + variable->name);
      }
      ObjectMap map{.section = section, .offset = symbol->value, .size = symbol->size};
      std::uint32_t values = 0;
      auto spec = read(variable->name, variable->type, true, &values);
      if (!spec) return spec.error();
      map.spec = std::move(spec).value();
      for (const ElfRelocation& relocation : file_.relocations) {
        if (relocation.section == section && relocation.offset >= map.offset + values &&
            relocation.offset < map.offset + map.size) {
          map.spec.slots.push_back(
              {static_cast<std::uint32_t>((relocation.offset - map.offset - values) / kSlotBytes),
               file_.symbols[relocation.symbol].name});
        }
      }
      maps_.push_back(std::move(map));
    }
    return std::move(maps_);
  }

 private:
  // Where a value of this type has its bpf_spin_lock.
  [[nodiscard]] std::optional<std::uint32_t> lock_in(std::uint32_t value) const {
    const BtfType* type = btf_.resolve(value);
    if (type == nullptr || type->kind != BtfKind::structure) return std::nullopt;
    for (const BtfMember& member : type->members) {
      const BtfType* of = btf_.resolve(member.type);
      if (of != nullptr && of->kind == BtfKind::structure && of->name == "bpf_spin_lock") {
        return member.offset / 8;
      }
    }
    return std::nullopt;
  }

  // `values`: where the initialisers start in the variable.
  base::Result<MapSpec> read(const std::string& name, std::uint32_t type, bool outer,
                             std::uint32_t* values) {
    const auto fault = [&](const std::string& what) {
      return section_error(".maps", "map " + name + ": " + what);
    };
    const BtfType* structure = btf_.resolve(type);
    if (structure == nullptr || structure->kind != BtfKind::structure) {
      return fault("is defined by something that is no struct");
    }
    MapSpec spec;
    spec.name = name;
    for (const BtfMember& member : structure->members) {
      const auto number = number_of(btf_, member.type);
      if (member.name == "values") {
        *values = member.offset / 8;
        if (auto status = read_values(spec, member, outer); !status) return status.error();
        continue;
      }
      if (member.name == "key" || member.name == "value") {
        const auto target = target_of(btf_, member.type);
        const auto bytes = target ? btf_.size_of(*target) : std::nullopt;
        if (!bytes) return fault(member.name + " has no size");
        (member.name == "key" ? spec.key_size : spec.value_size) = *bytes;
        (member.name == "key" ? spec.key_type : spec.value_type) = *target;
        if (member.name == "value") spec.lock_at = lock_in(*target);
        continue;
      }
      if (!number) return fault(member.name + " is no number");
      if (member.name == "type") {
        spec.type = static_cast<MapType>(*number);
      } else if (member.name == "key_size") {
        spec.key_size = *number;
      } else if (member.name == "value_size") {
        spec.value_size = *number;
      } else if (member.name == "max_entries") {
        spec.max_entries = *number;
      } else if (member.name == "map_flags") {
        spec.flags = *number;
      } else if (member.name == "map_extra") {
        spec.extra = *number;
      } else if (member.name == "pinning") {
        spec.pinning = *number;
      } else if (member.name != "numa_node") {
        return fault("has a field that is not known: " + member.name);
      }
    }
    if (spec.type == MapType::unspecified) return fault("has no type");
    return spec;
  }

  // __array(values, T): T is a function for a prog_array, a map definition for a map of maps.
  base::Status read_values(MapSpec& spec, const BtfMember& member, bool outer) {
    const BtfType* array = btf_.resolve(member.type);
    const BtfType* element =
        array != nullptr && array->kind == BtfKind::array ? btf_.resolve(array->type) : nullptr;
    if (element == nullptr || element->kind != BtfKind::pointer) {
      return section_error(".maps", "map " + spec.name + ": values is no array of pointers");
    }
    const BtfType* target = btf_.resolve(element->type);
    if (spec.value_size == 0) spec.value_size = 4;
    if (target != nullptr && target->kind == BtfKind::structure && outer) {
      std::uint32_t unused = 0;
      auto inner = read(spec.name + ".inner", element->type, false, &unused);
      if (!inner) return inner.error();
      spec.inner = std::make_shared<const MapSpec>(std::move(inner).value());
    }
    return {};
  }

  const Elf& file_;
  const Btf& btf_;
  std::vector<ObjectMap> maps_;
};

// struct bpf_map_def: five 32-bit numbers, and whatever a loader of old added.
base::Status read_legacy(const Elf& file, std::vector<ObjectMap>& maps) {
  constexpr std::uint64_t kDefinitionBytes = 20;
  const std::uint32_t section = file.find("maps");
  if (section == 0) return {};
  for (const ElfSymbol& symbol : file.symbols) {
    if (symbol.section != section || symbol.type == elf::section || symbol.name.empty()) continue;
    const auto bytes = range(file.sections[section].data, symbol.value, kDefinitionBytes);
    if (!bytes) {
      return section_error("maps", "is too short for map " + symbol.name);
    }
    ObjectMap map{.section = section,
                  .offset = symbol.value,
                  .size = std::max<std::uint64_t>(symbol.size, kDefinitionBytes)};
    map.spec.name = symbol.name;
    map.spec.type = static_cast<MapType>(field<std::uint32_t>(*bytes, 0));
    map.spec.key_size = field<std::uint32_t>(*bytes, 4);
    map.spec.value_size = field<std::uint32_t>(*bytes, 8);
    map.spec.max_entries = field<std::uint32_t>(*bytes, 12);
    map.spec.flags = field<std::uint32_t>(*bytes, 16);
    maps.push_back(std::move(map));
  }
  return {};
}

bool is_variables(const ElfSection& section) {
  const auto named = [&](std::string_view prefix) {
    return section.name == prefix || section.name.starts_with(std::string(prefix) + ".");
  };
  return (section.flags & elf::alloc) != 0 && (section.flags & elf::execute) == 0 &&
         section.size > 0 && (named(".data") || named(".rodata") || named(".bss"));
}

base::Status read_variables(const Elf& file, const Btf& btf, std::vector<ObjectMap>& maps) {
  for (std::uint32_t i = 1; i < file.sections.size(); ++i) {
    const ElfSection& section = file.sections[i];
    if (!is_variables(section)) continue;
    if (section.size > 0x4000'0000) {
      return section_error(section.name, "has " + std::to_string(section.size) + " bytes");
    }
    ObjectMap map{.section = i, .offset = 0, .size = section.size, .variables = true};
    map.spec.name = section.name;
    map.spec.type = MapType::array;
    map.spec.key_size = 4;
    map.spec.value_size = static_cast<std::uint32_t>(section.size);
    map.spec.max_entries = 1;
    map.spec.value_type = btf.section_id(section.name);
    map.spec.contents.assign(section.data.begin(), section.data.end());
    if (section.name.starts_with(".rodata")) {
      map.spec.frozen = true;
      map.spec.flags = map_flag::rdonly_prog;
    }
    maps.push_back(std::move(map));
  }
  return {};
}

}  // namespace

base::Result<std::vector<ObjectMap>> read_maps(const Elf& file, const Btf& btf) {
  auto maps = DefinitionReader(file, btf).run();
  if (!maps) return maps;
  if (auto status = read_legacy(file, maps.value()); !status) return status.error();
  if (auto status = read_variables(file, btf, maps.value()); !status) return status.error();
  return maps;
}

const ObjectMap* find_map(const std::vector<ObjectMap>& maps, std::uint32_t section,
                          std::uint64_t offset) {
  for (const ObjectMap& map : maps) {
    if (map.section == section && offset >= map.offset && offset - map.offset < map.size) {
      return &map;
    }
  }
  return nullptr;
}

}  // namespace ringbed::ebpf
