#include "ebpf/jit_code.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ringbed::ebpf {

base::Result<NativeCodePointer> NativeCode::publish(const Translation& translation,
                                                    const Machine& machine) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t size = (translation.bytes.size() + page - 1) / page * page;
  const auto refuse = [&](const char* what) {
    return base::Error{
        base::ErrorCode::unavailable,
        std::string("no executable memory for the JIT: ") + what + ": " + std::strerror(errno),
        "the interpreter gives the same results"};
  };
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return refuse("mmap");
  }
  std::memcpy(memory, translation.bytes.data(), translation.bytes.size());
  if (::mprotect(memory, size, PROT_READ | PROT_EXEC) != 0) {
    const base::Error error = refuse("mprotect");
    ::munmap(memory, size);
    return error;
  }
  return NativeCodePointer(
      new NativeCode(static_cast<std::uint8_t*>(memory), size, translation, machine));
}

NativeCode::NativeCode(std::uint8_t* memory, std::size_t size, const Translation& translation,
                       const Machine& machine)
    : memory_(memory),
      size_(size),
      machine_(&machine),
      start_(reinterpret_cast<NativeEntry::Start>(memory + translation.start)),
      resume_(reinterpret_cast<Resume>(memory + translation.resume)),
      tail_(memory + translation.tail) {
  for (const auto& [entry, position] : translation.functions) {
    functions_.emplace(entry, memory + position);
  }
}

NativeCode::~NativeCode() { ::munmap(memory_, size_); }

void NativeCodeDeleter::operator()(const NativeCode* code) const noexcept { delete code; }

const Instruction* NativeCode::call_back(State& state, std::uint32_t entry) const noexcept {
  const auto found = functions_.find(entry);
  return found == functions_.end() ? state.program->code.data() + entry
                                   : resume_(&state, found->second);
}

}  // namespace ringbed::ebpf
