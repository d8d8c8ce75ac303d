#include "ebpf/verifier_log.hpp"

#include <unistd.h>

#include <filesystem>

#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

// The path, or "" when it could not be written.
std::string keep_log(const ProgramSpec& program, std::string_view log, const std::string& folder) {
  std::error_code ignored;
  std::string path = ((folder.empty() ? std::filesystem::temp_directory_path(ignored)
                                      : std::filesystem::path(folder)) /
                      ("ringbed-verifier-" + program.name + "-XXXXXX.log"))
                         .string();
  const base::FileDescriptor file(::mkstemps(path.data(), 4));
  if (!file) return "";
  while (!log.empty()) {
    const ssize_t written = ::write(file.get(), log.data(), log.size());
    if (written <= 0) return "";
    log.remove_prefix(static_cast<std::size_t>(written));
  }
  return path;
}

}  // namespace

base::Error verifier_error(const ProgramSpec& program, std::string_view log, int error,
                           const std::string& folder) {
  if (log.empty()) {
    return kernel_error("program " + program.name + ": the kernel does not load it", error);
  }
  const std::string path = keep_log(program, log, folder);
  return {base::ErrorCode::invalid,
          "program " + program.name + ": the verifier refuses it (whole log: " + path + ")", ""};
}

}  // namespace ringbed::ebpf
