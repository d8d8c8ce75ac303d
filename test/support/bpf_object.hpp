// Test programs: compiled with clang when the tests run, and loaded into the kernel by libbpf
// (found at run time), which makes it an independent witness of our own object reader.
#pragma once

#include <dlfcn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/kernel_bpf.hpp"

namespace ringbed::test {

// A folder of its own, removed when the tests end.
struct ScratchFolder {
  std::string path;
  ScratchFolder() {
    path = (std::filesystem::temp_directory_path() / "ringbed-bpf-XXXXXX").string();
    ::mkdtemp(path.data());
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

// The object of test/data/bpf/<name>.bpf.c; empty when there is no clang for BPF.
inline std::string compile_bpf(const std::string& name) {
  static const ScratchFolder folder;
  std::string file = name;
  std::replace(file.begin(), file.end(), '/', '_');
  const std::string object = folder.path + "/" + file + ".bpf.o";
  if (std::filesystem::exists(object)) {
    return object;
  }
  // A name that ends so uses the third version of the instruction set.
  const std::string version = name.ends_with("_v3") ? "-mcpu=v3" : "-mcpu=v2";
  const std::string command = RINGBED_SOURCE_DIR "/scripts/bpf-clang.sh " + version +
                              " -c " RINGBED_SOURCE_DIR "/test/data/bpf/" + name + ".bpf.c -o " +
                              object + " 2> " + folder.path + "/messages";
  constexpr int kNoClang = 127;
  const int status = std::system(command.c_str());
  if (status != 0 && WEXITSTATUS(status) != kNoClang) {
    std::ifstream messages(folder.path + "/messages");
    throw std::runtime_error(
        name + ".bpf.c: " + std::string(std::istreambuf_iterator<char>(messages), {}));
  }
  return status == 0 ? object : "";
}

inline std::vector<std::uint8_t> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// An object in the kernel.
class KernelObject {
 public:
  // Check refusal() before anything else.
  explicit KernelObject(const std::string& path) {
    library_ = ::dlopen("libbpf.so.1", RTLD_NOW);
    if (library_ == nullptr) {
      refusal_ = "libbpf.so.1 is not installed";
      return;
    }
    get<int (*)(void*)>("libbpf_set_print")(nullptr);
    object_ = get<void* (*)(const char*)>("bpf_object__open")(path.c_str());
    const int fault =
        object_ == nullptr ? -errno : get<int (*)(void*)>("bpf_object__load")(object_);
    if (fault != 0) {
      refusal_ = "libbpf does not load " + path + ": " + std::strerror(-fault);
    }
  }
  KernelObject(const KernelObject&) = delete;
  KernelObject& operator=(const KernelObject&) = delete;
  ~KernelObject() {
    if (object_ != nullptr) {
      get<void (*)(void*)>("bpf_object__close")(object_);
    }
  }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

  [[nodiscard]] int program(const std::string& name) const {
    void* found = get<void* (*)(void*, const char*)>("bpf_object__find_program_by_name")(
        object_, name.c_str());
    return found == nullptr ? -1 : get<int (*)(void*)>("bpf_program__fd")(found);
  }
  [[nodiscard]] int map(const std::string& name) const {
    return get<int (*)(void*, const char*)>("bpf_object__find_map_fd_by_name")(object_,
                                                                               name.c_str());
  }

 private:
  template <typename Function>
  [[nodiscard]] Function get(const char* name) const {
    return reinterpret_cast<Function>(::dlsym(library_, name));
  }

  void* library_ = nullptr;
  void* object_ = nullptr;
  std::string refusal_;
};

}  // namespace ringbed::test
