#include "engine/kernel_drops.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "port/bpf.hpp"

namespace ringbed::engine {

namespace {

using enum port::BpfAssembler::Register;
using Way = KernelDrops::Way;

// The map's value: counters by place, way and reason (or error, or action). The last one of a row
// takes what is above.
constexpr std::uint32_t kReasons = 256;
constexpr std::uint32_t kWays = 4;
constexpr std::uint32_t kPlaces = 2;
constexpr std::uint32_t kCells = kPlaces * kWays * kReasons;
constexpr std::uint32_t kCellBytes = sizeof(std::uint64_t);
constexpr const char* kNeeds =
    "use Linux 5.17 or later with CONFIG_DEBUG_INFO_BTF; run as root, or add CAP_PERFMON";

// Where the programs find what they look for.
struct Layout {
  std::uint32_t device = 0;         // sk_buff
  std::uint32_t arrived_on = 0;     // sk_buff
  std::uint32_t index = 0;          // net_device
  std::uint32_t device_net = 0;     // net_device
  std::uint32_t socket_net = 0;     // sock
  std::uint32_t network_inode = 0;  // net
};

std::optional<Layout> layout_of(const ebpf::KernelTypes& types) {
  Layout layout;
  const auto find = [](std::uint32_t& into, std::optional<std::uint32_t> found) {
    into = found.value_or(0);
    return found.has_value();
  };
  const bool ok =
      find(layout.device, types.offset_of("sk_buff", {"dev"})) &&
      find(layout.arrived_on, types.offset_of("sk_buff", {"skb_iif"})) &&
      find(layout.index, types.offset_of("net_device", {"ifindex"})) &&
      find(layout.device_net, types.offset_of("net_device", {"nd_net", "net"})) &&
      find(layout.socket_net, types.offset_of("sock", {"__sk_common", "skc_net", "net"})) &&
      find(layout.network_inode, types.offset_of("net", {"ns", "inum"}));
  return ok ? std::optional(layout) : std::nullopt;
}

// Assembles one program. Its stack: what was read last, the namespace's inode, the interface.
class Program {
 public:
  Program(const Layout& layout, std::span<const KernelPlace> places, int map)
      : layout_(layout), places_(places), map_(map) {}

  // Argument `index` of the tracepoint; r1 is the context.
  void argument(port::BpfAssembler::Register to, std::size_t index) {
    code_.load(to, r1, static_cast<std::int16_t>(index * kCellBytes), kCellBytes);
  }

  // kfree_skb: r6 the buffer, r7 the reason, r8 the socket (0: none).
  void buffer() {
    read(kInterface, 4, r6, layout_.arrived_on);
    code_.load(r9, r10, kInterface, 4);  // 0: it was not received
    port::BpfAssembler::Label by_device;
    port::BpfAssembler::Label known;
    port::BpfAssembler::Label received;
    code_.jump(BPF_JEQ, r8, 0, by_device);
    read(kPointer, 8, r8, layout_.socket_net);
    code_.jump(known);
    code_.place(by_device);
    // A buffer in a socket's queue has something else in place of its device: the reads fail.
    read(kPointer, 8, r6, layout_.device);
    code_.load(r8, r10, kPointer, 8);
    code_.jump(BPF_JEQ, r8, 0, out_);
    code_.jump(BPF_JNE, r9, 0, received);
    read(kInterface, 4, r8, layout_.index);
    code_.place(received);
    read(kPointer, 8, r8, layout_.device_net);
    code_.place(known);
    read_inode();
    port::BpfAssembler::Label in;
    code_.alu(BPF_MOV, r6, static_cast<std::int32_t>(kReasons * std::uint32_t(Way::in)));
    code_.jump(BPF_JNE, r9, 0, in);
    code_.alu(BPF_MOV, r6, static_cast<std::int32_t>(kReasons * std::uint32_t(Way::between)));
    code_.place(in);
    count();
  }

  // r6 the device, r7 the error or action.
  void device(Way way) {
    read(kInterface, 4, r6, layout_.index);
    read(kPointer, 8, r6, layout_.device_net);
    read_inode();
    code_.alu(BPF_MOV, r6, static_cast<std::int32_t>(kReasons * std::uint32_t(way)));
    count();
  }

  void constant(port::BpfAssembler::Register to, std::int32_t value) {
    code_.alu(BPF_MOV, to, value);
  }
  void negate(port::BpfAssembler::Register at) {  // a 32-bit error
    code_.alu(BPF_LSH, at, 32);
    code_.alu(BPF_ARSH, at, 32);
    code_.alu(BPF_MUL, at, -1);
  }
  [[nodiscard]] std::span<const bpf_insn> code() const { return code_.code(); }

 private:
  static constexpr std::int16_t kPointer = -8;
  static constexpr std::int16_t kInode = -16;
  static constexpr std::int16_t kInterface = -24;

  // `bytes` at `offset` behind what `from` points to, to the stack; zeros where nothing is mapped.
  void read(std::int16_t to, std::int32_t bytes, port::BpfAssembler::Register from,
            std::uint32_t offset) {
    code_.alu(BPF_MOV, r1, r10);
    code_.alu(BPF_ADD, r1, to);
    code_.alu(BPF_MOV, r2, bytes);
    code_.alu(BPF_MOV, r3, from);
    code_.alu(BPF_ADD, r3, static_cast<std::int32_t>(offset));
    code_.call(BPF_FUNC_probe_read_kernel);
  }
  void read_inode() {
    code_.load(r8, r10, kPointer, 8);
    read(kInode, 4, r8, layout_.network_inode);
  }

  // r6: the way's first cell, r7: the cell of it.
  void count() {
    code_.load(r2, r10, kInode, 4);
    code_.alu(BPF_LSH, r2, 32);
    code_.load(r3, r10, kInterface, 4);
    code_.alu(BPF_LSH, r3, 32);
    port::BpfAssembler::Label found;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      port::BpfAssembler::Label next;
      same(r2, places_[i].network, next);
      same(r3, places_[i].interface, next);
      code_.alu(BPF_MOV, r5, static_cast<std::int32_t>(i * kWays * kReasons));
      code_.jump(found);
      code_.place(next);
    }
    code_.jump(out_);
    code_.place(found);
    port::BpfAssembler::Label usual;
    code_.jump(BPF_JLT, r7, static_cast<std::int32_t>(kReasons), usual);
    code_.alu(BPF_MOV, r7, static_cast<std::int32_t>(kReasons - 1));
    code_.place(usual);
    code_.alu(BPF_ADD, r5, r6);
    code_.alu(BPF_ADD, r5, r7);
    code_.alu(BPF_AND, r5, static_cast<std::int32_t>(kCells - 1));  // for the verifier
    code_.alu(BPF_LSH, r5, 3);
    code_.load_map_value(r1, map_);
    code_.alu(BPF_ADD, r1, r5);
    code_.alu(BPF_MOV, r2, 1);
    code_.atomic_add(r1, 0, r2);
    code_.place(out_);
    code_.alu(BPF_MOV, r0, 0);
    code_.exit();
  }

  // `shifted`: 32 bits in the upper half. Immediates are signed: they go through the same shift.
  void same(port::BpfAssembler::Register shifted, std::uint32_t value,
            port::BpfAssembler::Label& otherwise) {
    code_.alu(BPF_MOV, r4, static_cast<std::int32_t>(value));
    code_.alu(BPF_LSH, r4, 32);
    code_.jump(BPF_JNE, shifted, r4, otherwise);
  }

  Layout layout_;
  std::span<const KernelPlace> places_;
  int map_;
  port::BpfAssembler code_;
  port::BpfAssembler::Label out_;
};

std::string lower(std::string_view text) {
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char character) {
    return static_cast<char>(std::tolower(character));
  });
  return name;
}

// By number.
std::vector<std::string> reason_names(const ebpf::KernelTypes& types) {
  constexpr std::string_view kPrefix = "SKB_DROP_REASON_";
  constexpr std::string_view kOldPrefix = "SKB_";  // SKB_NOT_DROPPED_YET, SKB_CONSUMED
  std::vector<std::string> names(kReasons);
  for (const auto& [name, value] : types.enumerators("skb_drop_reason")) {
    if (value < kReasons - 1) {
      const bool usual = name.starts_with(kPrefix);
      names[value] = "kernel_" + lower(name.substr(usual ? kPrefix.size() : kOldPrefix.size()));
    }
  }
  return names;
}

std::string name_of(Way way, std::uint32_t number, const std::vector<std::string>& reasons) {
  switch (way) {
    case Way::in:
    case Way::between:
      // Reasons of a module's own begin at 1 << 16.
      return number == kReasons - 1    ? "kernel_other"
             : reasons[number].empty() ? "kernel_" + std::to_string(number)
                                       : reasons[number];
    case Way::redirect: {
      const char* const error = strerrorname_np(static_cast<int>(number));
      return "kernel_xdp_redirect_" + (error == nullptr ? std::to_string(number) : lower(error));
    }
    case Way::program: {
      constexpr std::array<std::string_view, 5> kActions{"aborted", "drop", "pass", "tx",
                                                         "redirect"};
      return "kernel_xdp_exception_" +
             (number < kActions.size() ? std::string(kActions[number]) : std::to_string(number));
    }
  }
  return {};
}

std::optional<std::size_t> position(const std::vector<std::string_view>& arguments,
                                    std::string_view type) {
  const auto at = std::find(arguments.begin(), arguments.end(), type);
  return at == arguments.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(at - arguments.begin()));
}

}  // namespace

KernelDrops::KernelDrops(KernelDrops&& other) noexcept
    : held_(std::move(other.held_)),
      reasons_(std::move(other.reasons_)),
      cells_(std::exchange(other.cells_, nullptr)) {}

KernelDrops& KernelDrops::operator=(KernelDrops&& other) noexcept {
  std::swap(held_, other.held_);
  std::swap(reasons_, other.reasons_);
  std::swap(cells_, other.cells_);
  return *this;
}

KernelDrops::~KernelDrops() {
  if (cells_ != nullptr) {
    munmap(cells_, kCells * kCellBytes);
  }
}

base::Result<KernelDrops> KernelDrops::open(std::span<const KernelPlace> places,
                                            const ebpf::KernelTypes& types) {
  const auto layout = layout_of(types);
  const auto arguments = types.tracepoint("kfree_skb");
  const auto buffer = position(arguments, "sk_buff");
  const auto reason = position(arguments, "skb_drop_reason");
  const auto socket = position(arguments, "sock");  // Linux 6.11
  if (!layout || !buffer || !reason) {
    return base::Error{base::ErrorCode::unavailable,
                       "this kernel gives no reasons for dropped frames", kNeeds};
  }
  KernelDrops made;
  made.reasons_ = reason_names(types);
  auto map = port::make_bpf_map({.type = BPF_MAP_TYPE_ARRAY,
                                 .value_bytes = kCells * kCellBytes,
                                 .flags = BPF_F_MMAPABLE,
                                 .name = "ringbed_drops"});
  if (!map) {
    return map.error();
  }
  void* const cells =
      mmap(nullptr, kCells * kCellBytes, PROT_READ, MAP_SHARED, map.value().get(), 0);
  if (cells == MAP_FAILED) {
    return port::system_error(base::ErrorCode::resource, "cannot map an eBPF map", errno, "");
  }
  made.cells_ = cells;
  const auto attach = [&](const Program& program, const std::string& tracepoint) -> base::Status {
    auto loaded = port::load_raw_tracepoint(program.code(), "ringbed_drops");
    if (!loaded) {
      return loaded.error();
    }
    auto link = port::attach_raw_tracepoint(loaded.value().get(), tracepoint);
    if (!link) {
      return link.error();
    }
    made.held_.push_back(std::move(loaded).value());
    made.held_.push_back(std::move(link).value());
    return {};
  };
  Program skb(*layout, places, map.value().get());
  skb.argument(r6, *buffer);
  skb.argument(r7, *reason);
  socket ? skb.argument(r8, *socket) : skb.constant(r8, 0);
  skb.buffer();
  Program redirect(*layout, places, map.value().get());
  redirect.argument(r6, 0);  // (dev, program, target, error, ...)
  redirect.argument(r7, 3);
  redirect.negate(r7);
  redirect.device(Way::redirect);
  Program exception(*layout, places, map.value().get());
  exception.argument(r6, 0);  // (dev, program, action)
  exception.argument(r7, 2);
  exception.device(Way::program);
  made.held_.push_back(std::move(map).value());
  base::Status status = attach(skb, "kfree_skb");
  status = status ? attach(redirect, "xdp_redirect_err") : status;
  status = status ? attach(exception, "xdp_exception") : status;
  if (!status) {
    return base::Error{status.error().code, status.error().message, kNeeds};
  }
  return made;
}

std::vector<KernelDrops::Count> KernelDrops::counts(std::size_t place, Way way) const {
  std::vector<Count> rows;
  if (cells_ == nullptr) {
    return rows;
  }
  auto* const first = static_cast<std::uint64_t*>(cells_) +
                      (place * kWays + static_cast<std::size_t>(way)) * kReasons;
  for (std::uint32_t i = 0; i < kReasons; ++i) {
    const std::uint64_t frames =
        std::atomic_ref<std::uint64_t>(first[i]).load(std::memory_order_relaxed);
    if (frames != 0) {
      rows.push_back({name_of(way, i, reasons_), frames});
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Count& a, const Count& b) { return a.frames > b.frames; });
  return rows;
}

}  // namespace ringbed::engine
