// libbpf's functions, found at run time: the headers are needed to build, the library only to load
// an object into the kernel. Only kernel_load.cpp and kernel_tc.cpp use this.
#pragma once

#include <bpf/libbpf.h>

#include <string>

namespace ringbed::ebpf {

struct Libbpf {
  decltype(&::libbpf_version_string) version_string = nullptr;
  decltype(&::libbpf_set_print) set_print = nullptr;
  decltype(&::bpf_object__open_mem) open_mem = nullptr;
  decltype(&::bpf_object__load) load = nullptr;
  decltype(&::bpf_object__close) close = nullptr;
  decltype(&::bpf_object__next_program) next_program = nullptr;
  decltype(&::bpf_program__name) program_name = nullptr;
  decltype(&::bpf_program__fd) program_fd = nullptr;
  decltype(&::bpf_program__insns) program_insns = nullptr;
  decltype(&::bpf_program__insn_cnt) program_insn_cnt = nullptr;
  decltype(&::bpf_program__set_insns) program_set_insns = nullptr;
  decltype(&::bpf_program__type) program_type = nullptr;
  decltype(&::bpf_program__set_type) program_set_type = nullptr;
  decltype(&::bpf_program__set_expected_attach_type) program_set_attach_type = nullptr;
  decltype(&::bpf_program__set_autoload) program_set_autoload = nullptr;
  decltype(&::bpf_program__set_log_level) program_set_log_level = nullptr;
  decltype(&::bpf_program__set_log_buf) program_set_log_buf = nullptr;
  decltype(&::bpf_object__next_map) next_map = nullptr;
  decltype(&::bpf_map__name) map_name = nullptr;
  decltype(&::bpf_map__fd) map_fd = nullptr;
  decltype(&::bpf_map__is_internal) map_is_internal = nullptr;
  decltype(&::bpf_map__type) map_type = nullptr;
  decltype(&::bpf_map__set_type) map_set_type = nullptr;
  decltype(&::bpf_map__key_size) map_key_size = nullptr;
  decltype(&::bpf_map__set_key_size) map_set_key_size = nullptr;
  decltype(&::bpf_map__value_size) map_value_size = nullptr;
  decltype(&::bpf_map__set_value_size) map_set_value_size = nullptr;
  decltype(&::bpf_map__max_entries) map_max_entries = nullptr;
  decltype(&::bpf_map__set_max_entries) map_set_max_entries = nullptr;
  decltype(&::bpf_map__map_flags) map_flags = nullptr;
  decltype(&::bpf_map__set_map_flags) map_set_flags = nullptr;
  decltype(&::bpf_map__set_pin_path) map_set_pin_path = nullptr;
  decltype(&::bpf_map__set_autocreate) map_set_autocreate = nullptr;
  decltype(&::bpf_map__reuse_fd) map_reuse_fd = nullptr;
  decltype(&::bpf_map__initial_value) map_initial_value = nullptr;
  decltype(&::bpf_map__set_initial_value) map_set_initial_value = nullptr;
  decltype(&::bpf_tc_hook_create) tc_hook_create = nullptr;
  decltype(&::bpf_tc_hook_destroy) tc_hook_destroy = nullptr;
  decltype(&::bpf_tc_attach) tc_attach = nullptr;
  decltype(&::bpf_tc_detach) tc_detach = nullptr;
};

// The library, opened once; nullptr, and why in `refusal`, when it is missing or too old.
[[nodiscard]] const Libbpf* libbpf(std::string& refusal);

// While it lives, what libbpf says on this thread is kept here instead of going to standard error.
class LibbpfWords {
 public:
  explicit LibbpfWords(const Libbpf& library);
  LibbpfWords(const LibbpfWords&) = delete;
  LibbpfWords& operator=(const LibbpfWords&) = delete;
  ~LibbpfWords();

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  void clear() noexcept { text_.clear(); }

 private:
  std::string text_;
};

}  // namespace ringbed::ebpf
