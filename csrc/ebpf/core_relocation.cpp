#include "ebpf/core_relocation.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "ebpf/functions.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::size_t kMostSteps = 64;
constexpr unsigned kDeepest = 32;

bool is_composite(const BtfType& type) {
  return type.kind == BtfKind::structure || type.kind == BtfKind::union_;
}
bool is_enumeration(const BtfType& type) {
  return type.kind == BtfKind::enumeration || type.kind == BtfKind::enum64;
}
bool same_kind(const BtfType& a, const BtfType& b) {
  return a.kind == b.kind || (is_enumeration(a) && is_enumeration(b));
}
bool is_modifier(BtfKind kind) {
  return kind == BtfKind::typedef_ || kind == BtfKind::volatile_ || kind == BtfKind::const_ ||
         kind == BtfKind::restrict_ || kind == BtfKind::type_tag;
}

// The types of the object and of the kernel, looked at alike. Types that were read stay: the
// kernel's are made of its BTF when they are asked for.
class Types {
 public:
  explicit Types(const Btf& local) : local_(&local) {}
  explicit Types(const KernelTypes& kernel) : kernel_(&kernel) {}

  // Void for an id that is not there.
  const BtfType& at(std::uint32_t id) const {
    static const BtfType none;
    if (local_ != nullptr) {
      const BtfType* type = local_->type(id);
      return type == nullptr ? none : *type;
    }
    const auto known = read_.find(id);
    if (known != read_.end()) return known->second;
    return read_.emplace(id, kernel_->read(id).value_or(none)).first->second;
  }
  // The id without typedefs and qualifiers.
  std::uint32_t strip(std::uint32_t id) const {
    for (unsigned depth = 0; depth < kDeepest && is_modifier(at(id).kind); ++depth) {
      id = at(id).type;
    }
    return id;
  }
  const BtfType& resolve(std::uint32_t id) const { return at(strip(id)); }
  // 0 for what has no size.
  std::uint64_t size(std::uint32_t id) const {
    std::uint64_t factor = 1;
    for (unsigned depth = 0; depth < kDeepest; ++depth) {
      const BtfType& type = resolve(id);
      switch (type.kind) {
        case BtfKind::array:
          factor *= type.count;
          if (factor > 0x7fff'ffff) return 0;
          id = type.type;
          continue;
        case BtfKind::pointer: return factor * 8;
        case BtfKind::integer:
        case BtfKind::structure:
        case BtfKind::union_:
        case BtfKind::enumeration:
        case BtfKind::enum64:
        case BtfKind::float_:
        case BtfKind::section: return factor * type.size;
        default: return 0;
      }
    }
    return 0;
  }

 private:
  const Btf* local_ = nullptr;
  const KernelTypes* kernel_ = nullptr;
  mutable std::map<std::uint32_t, BtfType> read_;
};

// One step of an access that has a name, or is an element of an array.
struct Step {
  std::uint32_t type = 0;   // the structure; of an element, its own
  std::uint32_t index = 0;  // of the member, enumerator or element
  bool element = false;
};

// What a relocation is about, in one of the two worlds.
struct Place {
  std::uint32_t root = 0;
  std::vector<Step> steps;
  std::uint64_t bits = 0;  // from the root's start
};

// The value that an instruction is given. Fields: `bytes` and `type` of what is loaded or stored.
struct Value {
  std::uint64_t number = 0;
  bool missing = false;
  std::uint64_t bytes = 0;
  std::uint32_t type = 0;
};

bool is_of_type(CoreKind kind) {
  return kind == CoreKind::type_id_local || kind == CoreKind::type_id_target ||
         kind == CoreKind::type_exists || kind == CoreKind::type_size ||
         kind == CoreKind::type_matches;
}
bool is_of_enumerator(CoreKind kind) {
  return kind == CoreKind::enumerator_exists || kind == CoreKind::enumerator_value;
}

std::optional<std::vector<std::uint32_t>> indices(const std::string& access) {
  std::vector<std::uint32_t> found;
  const char* at = access.data();
  const char* const end = at + access.size();
  while (at != end && found.size() < kMostSteps) {
    std::uint32_t index = 0;
    const auto [rest, fault] = std::from_chars(at, end, index);
    if (fault != std::errc() || (rest != end && *rest != ':')) return std::nullopt;
    found.push_back(index);
    at = rest == end ? end : rest + 1;
  }
  return at == end && !found.empty() ? std::optional(found) : std::nullopt;
}

// An array at the end of a structure that says it has no elements, or one.
bool is_flexible(const Types& types, const Place& place, const BtfType& array) {
  if (place.steps.empty() || place.steps.back().element || array.count > 1) return false;
  const BtfType& owner = types.at(place.steps.back().type);
  return is_composite(owner) && place.steps.back().index + 1 == owner.members.size();
}

class Fitting {
 public:
  Fitting(const Btf& local, const KernelTypes& kernel)
      : kernel_(kernel), local_(local), target_(kernel) {}

  base::Result<Value> value(const CoreRelocation& relocation) const {
    const auto here = place_of(relocation);
    if (!here)
      return base::Error{base::ErrorCode::invalid, "is of a type or member that is not there", ""};
    if (relocation.kind == CoreKind::type_id_local) return Value{.number = relocation.type};
    std::optional<Value> found;
    const BtfType& root = local_.at(relocation.type);
    for (const std::uint32_t id : candidates(relocation.type)) {
      const auto there = match(*here, id, relocation.kind);
      if (!there) continue;
      const Value value = value_of(target_, &*there, relocation.kind);
      if (found && found->number != value.number) {
        return base::Error{base::ErrorCode::invalid,
                           "is answered differently by several types called " + root.name, ""};
      }
      found = value;
    }
    return found ? *found : value_of(target_, nullptr, relocation.kind);
  }

  // What the compiler took the value for.
  std::optional<Value> compiled(const CoreRelocation& relocation) const {
    const auto here = place_of(relocation);
    return here ? std::optional(value_of(local_, &*here, relocation.kind)) : std::nullopt;
  }

  // A load or store may take as many bytes as the member has here.
  bool resizes(const Value& from, const Value& to) const {
    if (from.bytes == to.bytes) return true;
    const BtfType& a = local_.at(from.type);
    const BtfType& b = target_.at(to.type);
    const bool pointers = a.kind == BtfKind::pointer && b.kind == BtfKind::pointer;
    const bool unsigned_numbers =
        a.kind == BtfKind::integer && b.kind == BtfKind::integer && !a.is_signed && !b.is_signed;
    return pointers || unsigned_numbers;
  }

 private:
  // The kernel's types that may be the object's type `root`.
  const std::vector<std::uint32_t>& candidates(std::uint32_t root) const {
    const auto known = candidates_.find(root);
    if (known != candidates_.end()) return known->second;
    const BtfType& type = local_.at(root);
    std::vector<std::uint32_t> ids = kernel_.named(essential_name(type.name));
    std::erase_if(ids, [&](std::uint32_t id) { return !same_kind(target_.at(id), type); });
    return candidates_.emplace(root, std::move(ids)).first->second;
  }

  std::optional<Place> place_of(const CoreRelocation& relocation) const {
    const auto access = indices(relocation.access);
    if (!access || local_.at(relocation.type).name.empty()) return std::nullopt;
    Place place{.root = relocation.type, .steps = {}};
    std::uint32_t id = local_.strip(relocation.type);
    if (is_of_type(relocation.kind)) {
      return access->size() == 1 && access->front() == 0 ? std::optional(place) : std::nullopt;
    }
    place.steps.push_back({id, access->front(), true});
    if (is_of_enumerator(relocation.kind)) {
      const BtfType& type = local_.at(id);
      const bool there =
          is_enumeration(type) && access->size() == 1 && access->front() < type.members.size();
      return there ? std::optional(place) : std::nullopt;
    }
    place.bits = access->front() * local_.size(id) * 8;
    for (std::size_t i = 1; i < access->size(); ++i) {
      const std::uint32_t index = (*access)[i];
      const BtfType& type = local_.at(id);
      if (is_composite(type)) {
        if (index >= type.members.size()) return std::nullopt;
        const BtfMember& member = type.members[index];
        place.bits += member.offset;
        if (!member.name.empty()) place.steps.push_back({id, index, false});
        id = local_.strip(member.type);
      } else if (type.kind == BtfKind::array) {
        if (index >= type.count && !is_flexible(local_, place, type)) return std::nullopt;
        id = local_.strip(type.type);
        place.steps.push_back({id, index, true});
        place.bits += index * local_.size(id) * 8;
      } else {
        return std::nullopt;
      }
    }
    return place;
  }

  // The same place in the kernel's type `root`.
  std::optional<Place> match(const Place& here, std::uint32_t root, CoreKind kind) const {
    Place there{.root = root, .steps = {}};
    if (is_of_type(kind)) {
      const bool fits = kind == CoreKind::type_matches ? matches(here.root, root, 0)
                                                       : compatible(here.root, root);
      return fits ? std::optional(there) : std::nullopt;
    }
    std::uint32_t id = target_.strip(root);
    if (is_of_enumerator(kind)) {
      const BtfType& wanted = local_.at(here.steps.front().type);
      const std::string_view name = essential_name(wanted.members[here.steps.front().index].name);
      const BtfType& type = target_.at(id);
      for (std::uint32_t i = 0; is_enumeration(type) && i < type.members.size(); ++i) {
        if (essential_name(type.members[i].name) != name) continue;
        there.steps.push_back({id, i, false});
        return there;
      }
      return std::nullopt;
    }
    for (std::size_t i = 0; i < here.steps.size(); ++i) {
      const Step& step = here.steps[i];
      if (!step.element) {
        const auto next = match_member(step, id, there, 0);
        if (!next) return std::nullopt;
        id = target_.strip(*next);
        continue;
      }
      if (i > 0) {
        const BtfType& array = target_.at(id);
        if (array.kind != BtfKind::array ||
            (step.index >= array.count && !is_flexible(target_, there, array))) {
          return std::nullopt;
        }
        id = target_.strip(array.type);
      }
      there.steps.push_back({id, step.index, true});
      there.bits += step.index * target_.size(id) * 8;
    }
    return there;
  }

  // The member of that name, in structures without one of their own, too; its type.
  std::optional<std::uint32_t> match_member(const Step& step, std::uint32_t in, Place& there,
                                            unsigned depth) const {
    const std::uint32_t id = target_.strip(in);
    const BtfType& type = target_.at(id);
    const BtfMember& wanted = local_.at(step.type).members[step.index];
    if (!is_composite(type) || depth == kDeepest) return std::nullopt;
    for (std::uint32_t i = 0; i < type.members.size(); ++i) {
      const BtfMember& member = type.members[i];
      if (member.name.empty()) {
        there.bits += member.offset;
        if (const auto found = match_member(step, member.type, there, depth + 1)) return found;
        there.bits -= member.offset;
      } else if (member.name == wanted.name) {
        if (!same_field(wanted.type, member.type)) return std::nullopt;
        there.bits += member.offset;
        there.steps.push_back({id, i, false});
        return member.type;
      }
    }
    return std::nullopt;
  }

  // Whether members of these types can stand for each other.
  bool same_field(std::uint32_t here, std::uint32_t there) const {
    for (unsigned depth = 0; depth < kDeepest; ++depth) {
      const BtfType& a = local_.resolve(here);
      const BtfType& b = target_.resolve(there);
      if (is_composite(a) && is_composite(b)) return true;
      if (!same_kind(a, b)) return false;
      switch (a.kind) {
        case BtfKind::integer:
        case BtfKind::pointer:
        case BtfKind::float_: return true;
        case BtfKind::forward:
        case BtfKind::enumeration:
        case BtfKind::enum64:
          return a.name.empty() || b.name.empty() ||
                 essential_name(a.name) == essential_name(b.name);
        case BtfKind::array:
          here = a.type;
          there = b.type;
          break;
        default: return false;
      }
    }
    return false;
  }

  // Whether the types are of a kind, through pointers and arrays.
  bool compatible(std::uint32_t here, std::uint32_t there) const {
    for (unsigned depth = 0; depth < kDeepest; ++depth) {
      const BtfType& a = local_.resolve(here);
      const BtfType& b = target_.resolve(there);
      if (!same_kind(a, b)) return false;
      if (a.kind != BtfKind::pointer && a.kind != BtfKind::array) return true;
      here = a.type;
      there = b.type;
    }
    return false;
  }

  // ... and have all that the object's type names.
  bool matches(std::uint32_t here, std::uint32_t there, unsigned depth) const {
    const BtfType& a = local_.resolve(here);
    const BtfType& b = target_.resolve(there);
    if (!same_kind(a, b)) return false;
    if (a.kind == BtfKind::integer) return a.size == b.size && a.is_signed == b.is_signed;
    if (depth == kDeepest || !(is_composite(a) || is_enumeration(a))) return true;
    return std::ranges::all_of(a.members, [&](const BtfMember& wanted) {
      return std::ranges::any_of(b.members, [&](const BtfMember& member) {
        return essential_name(member.name) == essential_name(wanted.name) &&
               (is_enumeration(a) || matches(wanted.type, member.type, depth + 1));
      });
    });
  }

  // `place` nullptr: there is none.
  static Value value_of(const Types& types, const Place* place, CoreKind kind) {
    switch (kind) {
      case CoreKind::field_exists:
      case CoreKind::type_exists:
      case CoreKind::type_matches:
      case CoreKind::enumerator_exists: return {.number = place != nullptr ? 1U : 0U};
      case CoreKind::type_id_local:
      case CoreKind::type_id_target: return {.number = place != nullptr ? place->root : 0U};
      case CoreKind::type_size: return {.number = place != nullptr ? types.size(place->root) : 0U};
      case CoreKind::enumerator_value: {
        if (place == nullptr) return {.missing = true};
        const Step& step = place->steps.front();
        return {.number = types.at(step.type).members[step.index].value};
      }
      default: return place == nullptr ? Value{.missing = true} : field(types, *place, kind);
    }
  }

  static Value field(const Types& types, const Place& place, CoreKind kind) {
    const Step& last = place.steps.back();
    if (last.element) {
      const std::uint64_t bytes = types.size(last.type);
      if (kind == CoreKind::field_offset) {
        return {.number = place.bits / 8, .bytes = bytes, .type = last.type};
      }
      return kind == CoreKind::field_size ? Value{.number = bytes} : Value{.missing = true};
    }
    const BtfMember& member = types.at(last.type).members[last.index];
    const std::uint32_t id = types.strip(member.type);
    const BtfType& type = types.at(id);
    std::uint64_t bytes = types.size(id);
    std::uint64_t offset = place.bits / 8;
    std::uint64_t bits = bytes * 8;
    if (member.bits != 0) {
      // The words of its type that it lies in; of twice the size where it lies in two.
      bits = member.bits;
      bytes = std::max<std::uint64_t>(type.size, 1);
      offset = place.bits / 8 / bytes * bytes;
      while (place.bits + bits - offset * 8 > bytes * 8) {
        if (bytes >= 8) return {.missing = true};
        bytes *= 2;
        offset = place.bits / 8 / bytes * bytes;
      }
    }
    switch (kind) {
      case CoreKind::field_offset:
        return member.bits != 0 ? Value{.number = offset}
                                : Value{.number = offset, .bytes = bytes, .type = id};
      case CoreKind::field_size: return {.number = bytes};
      case CoreKind::field_signed: return {.number = type.is_signed ? 1U : 0U};
      case CoreKind::field_left_shift:  // of a little-endian word
        return {.number = 64 - (place.bits + bits - offset * 8)};
      case CoreKind::field_right_shift: return {.number = 64 - bits};
      default: return {.missing = true};
    }
  }

  const KernelTypes& kernel_;
  Types local_;
  Types target_;
  mutable std::map<std::uint32_t, std::vector<std::uint32_t>> candidates_;
};

// False when the instruction cannot take such a value.
bool patch(std::vector<RawInstruction>& code, std::size_t at, const Value& value, bool resize) {
  RawInstruction& in = code[at];
  switch (in.instruction_class()) {
    case cls::alu:
    case cls::alu64:
      if ((in.opcode & kSourceRegister) != 0) return false;
      in.imm = static_cast<std::int32_t>(value.number);
      return true;
    case cls::ldx:
    case cls::st:
    case cls::stx:
      if (value.number > 0x7fff) return false;
      in.offset = static_cast<std::int16_t>(value.number);
      if (resize) {
        const std::uint8_t size = value.bytes == 8   ? size_of::dword
                                  : value.bytes == 4 ? size_of::word
                                  : value.bytes == 2 ? size_of::half
                                                     : size_of::byte;
        if (value.bytes != 8 && value.bytes != 4 && value.bytes != 2 && value.bytes != 1) {
          return false;
        }
        constexpr std::uint8_t kSizeBits = 0x18;
        in.opcode = static_cast<std::uint8_t>((in.opcode & ~kSizeBits) | size);
      }
      return true;
    case cls::ld:
      if (in.opcode != kLoadImm64 || at + 1 >= code.size()) return false;
      in.imm = static_cast<std::int32_t>(value.number);
      code[at + 1].imm = static_cast<std::int32_t>(value.number >> 32);
      return true;
    default: return false;
  }
}

// What cannot be: reached, it is a fault that names itself.
void poison(std::vector<RawInstruction>& code, std::size_t at, std::size_t number) {
  const RawInstruction call{kCall, 0, 0, 0, kNoSuchHelper + static_cast<std::int32_t>(number)};
  if (code[at].opcode == kLoadImm64 && at + 1 < code.size()) code[at + 1] = call;
  code[at] = call;
}

}  // namespace

base::Status fit_to_kernel(std::vector<RawInstruction>& code,
                           const std::vector<CoreRelocation>& relocations, const Btf& local,
                           const KernelTypes& kernel) {
  const Fitting fitting(local, kernel);
  for (std::size_t i = 0; i < relocations.size(); ++i) {
    const CoreRelocation& relocation = relocations[i];
    const auto refuse = [&](const std::string& what) {
      return base::Error{base::ErrorCode::invalid,
                         "instruction " + std::to_string(relocation.instruction) +
                             ": its CO-RE relocation " + what,
                         "rebuild the object with a newer clang"};
    };
    if (relocation.instruction >= code.size()) return refuse("is behind the program's end");
    const auto before = fitting.compiled(relocation);
    const auto value = fitting.value(relocation);
    if (!value) return refuse(value.error().message);
    if (!before) return refuse("is of a type or member that is not there");
    const bool sized = before->bytes != 0 && value.value().bytes != 0;
    const bool resize = sized && before->bytes != value.value().bytes;
    const std::uint8_t kind = code[relocation.instruction].instruction_class();
    const bool moves = kind == cls::ldx || kind == cls::st || kind == cls::stx;
    if (value.value().missing || (resize && moves && !fitting.resizes(*before, value.value()))) {
      poison(code, relocation.instruction, i);
    } else if (!patch(code, relocation.instruction, value.value(), resize)) {
      return refuse("is of an instruction that does not take such a value");
    }
  }
  return {};
}

std::optional<KernelTypes> types_asked_for(const ObjectSpec& object) {
  const bool asked = std::ranges::any_of(
      object.programs, [](const ProgramSpec& program) { return !program.core.empty(); });
  auto types = asked ? KernelTypes::load()
                     : base::Result<KernelTypes>(base::Error{base::ErrorCode::unavailable, "", ""});
  return types ? std::optional(std::move(types).value()) : std::nullopt;
}

}  // namespace ringbed::ebpf
