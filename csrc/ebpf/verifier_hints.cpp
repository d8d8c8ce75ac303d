#include "ebpf/verifier_hints.hpp"

#include <array>

#include "ebpf/verifier_log.hpp"

namespace ringbed::ebpf {

namespace {

struct Row {
  std::string_view part;  // of the message
  std::string_view hint;
};

// Messages as in kernel/bpf/verifier.c, of 5.10 and later.
constexpr auto kRows = std::to_array<Row>({
    {"invalid access to packet",
     "compare first: `if (data + offset + size > data_end) return …`, with the very pointer that "
     "is read through, after the last thing that changed it"},
    {"map_value_or_null",
     "bpf_map_lookup_elem may return NULL: `if (!value) return …` before the value is used"},
    {"_or_null'", "the pointer may be NULL: ask for that before it is used"},
    {"invalid access to map value",
     "stay below value_size: bound the index, `if (i >= N) return …` or `i &= N - 1`, right before "
     "it is added to the pointer"},
    {"unbounded memory access",
     "bound the index right before it is used: `if (i >= N) return …` or `i &= N - 1`; an int that "
     "may be negative wants an unsigned type"},
    {"max value is outside of the allowed memory range",
     "bound the index right before it is used: `if (i >= N) return …` or `i &= N - 1`"},
    {"min value is negative",
     "the value may be negative: give it an unsigned type, or ask `if (x < 0) return …`"},
    {"write into map forbidden",
     "the map is read-only for programs: const volatile variables live in .rodata; make it a plain "
     "global, or leave BPF_F_RDONLY_PROG out"},
    {"read from map forbidden", "the map is write-only for programs (BPF_F_WRONLY_PROG)"},
    {"misaligned stack access",
     "align the access: an 8-byte value lies at a multiple of 8 on the stack (packed structs and "
     "casts of byte arrays break that)"},
    {"misaligned",
     "align the access to its size, or copy byte by byte (__builtin_memcpy); for packets "
     "NET_IP_ALIGN counts"},
    {"combined stack size",
     "all frames of a chain of calls share 512 bytes of stack: make local arrays smaller, or put "
     "them into a one-entry percpu_array"},
    {"invalid variable-offset",
     "an index into the stack must be a constant or tightly bounded: `i &= N - 1` right before it"},
    {"invalid write to stack",
     "the stack has 512 bytes below r10; bigger buffers belong into a "
     "one-entry percpu_array"},
    {"invalid read from stack",
     "the stack has 512 bytes below r10, and what was never written there must not be read: "
     "initialise it (`= {}`)"},
    {"invalid indirect read from stack",
     "a helper would read bytes of the stack that nobody wrote, often the padding of a struct: "
     "initialise it all (`= {}` and __builtin_memset)"},
    {"invalid indirect access to stack",
     "the helper's buffer reaches past the 512 bytes of stack: check the size that goes with it"},
    {"stack depth", "the stack has 512 bytes: make local arrays smaller"},
    {"call stack",
     "calls may be 8 frames deep, and before a tail call 256 bytes of stack each: "
     "inline (__always_inline), or make local arrays smaller"},
    {"unreachable insn",
     "no path leads to it: the kernel takes no dead code (inline assembly, or an optimiser that is "
     "off: build with -O2)"},
    {"infinite loop detected",
     "a loop must get closer to its end in every turn: bound it, `for (i = 0; i < N; i++)` with "
     "a constant N, or use bpf_loop()"},
    {"back-edge",
     "this kernel takes no loops (before 5.3, or for this program): bound and unroll it, #pragma "
     "unroll"},
    {kTooLarge,
     "the verifier goes through 1,000,000 instructions at most, all paths and turns of loops "
     "together: make loops shorter, use bpf_loop(), split the program into tail-called stages, or "
     "into __noinline global functions, which are verified once"},
    {"too many instructions", "split the program into tail-called stages"},
    {"sequence of", "too many branches in a row: split the program into functions or stages"},
    {"R0 !read_ok",
     "the program ends without a return value: every way out must return one (XDP_PASS, …)"},
    {"!read_ok",
     "the register was never set on this path: initialise the variable; after a call r1 to r5 are "
     "gone"},
    {"GPL-restricted",
     "the helper is for GPL-compatible programs only: char _license[] SEC(\"license\") = \"GPL\" "
     "(or \"Dual BSD/GPL\"), if that is your license, or do without the helper"},
    {"GPL compatible",
     "the helper is for GPL-compatible programs only: char _license[] SEC(\"license\") = \"GPL\", "
     "if that is your license"},
    {"program of this type cannot use helper",
     "the helper belongs to another type of program: bpf_xdp_… in XDP, bpf_skb_… in TC; see "
     "bpf-helpers(7) for which type has which helper"},
    {"BPF_LD_[ABS|IND]",
     "load_byte(), load_half() and load_word() are for socket filters and TC programs: load it as "
     "type tc (on the command line --type tc)"},
    {"invalid func unknown",
     "this kernel has no helper of that number: it needs a newer kernel, or the number is wrong"},
    {"unknown func",
     "this kernel (or this type of program) has no such helper: a newer kernel, another program "
     "type, or do without; see bpf-helpers(7)"},
    {"kernel function", "the kfunc is not there, or not for this type of program"},
    {"operator prohibited",
     "a pointer can be moved by + and - only: copy what it points to into a variable and compute "
     "with that"},
    {"pointer += pointer", "two pointers cannot be added: one of them was meant to be an offset"},
    {"pointer arithmetic",
     "a pointer of this kind must not be moved so: bound the offset, check for NULL first"},
    {"math between",
     "the offset of the pointer is not bounded enough: `if (i >= N) return …` right before it"},
    {"pointer comparison prohibited", "compare packet pointers with data_end only"},
    {"dereference of modified ctx",
     "read the context at fixed offsets only, through the pointer that the program was given"},
    {"variable ctx access",
     "the context is read at constant offsets only: pick the field with a switch, not by an index"},
    {"invalid bpf_context access",
     "the context has no such field for this type of program, or it cannot be written, or not in "
     "that size: see struct xdp_md and struct __sk_buff in linux/bpf.h"},
    {"invalid mem access 'scalar'",
     "what is used as a pointer is a number to the verifier: after bpf_xdp_adjust_head() and the "
     "like read ctx->data again and check anew; a pointer that went through arithmetic or memory "
     "is lost, too"},
    {"invalid mem access 'inv'",
     "what is used as a pointer is a number to the verifier: after bpf_xdp_adjust_head() and the "
     "like read ctx->data again and check anew"},
    {"Unreleased reference",
     "what was taken must be given back on every path: bpf_ringbuf_submit() or _discard() after "
     "_reserve(), bpf_sk_release() after a look-up"},
    {"reference leak",
     "what was taken must be given back on every path, before a tail call, too: "
     "bpf_ringbuf_submit() or _discard(), bpf_sk_release()"},
    {"while holding a lock",
     "call what is needed before bpf_spin_lock() and keep it in a variable; under the lock only "
     "read "
     "and write the value"},
    {"bpf_spin_lock", "unlock on every path, and call nothing while the lock is held"},
    {"type=",
     "the helper's argument is of another kind than it expects (see the list): a key or a value is "
     "passed by the address of a variable"},
    {"div by zero", "division by a constant zero: the divisor was folded to zero"},
    {"invalid shift", "shift by less than the width: 0 to 63, or 0 to 31"},
    {"jump out of range", "a jump leads out of the program: was the object cut off?"},
    {"last insn is not an exit", "the program does not end with a return"},
    {"At callback return the register R0",
     "a callback returns 0 to go on or 1 to stop, nothing else"},
    {"doesn't return scalar",
     "a global function returns a number: make it static (or always inline) to return a pointer"},
    {"invalid args into func",
     "a global function is checked by itself, by the types of its arguments: numbers, the context, "
     "pointers to structures of known size; make it static to have it checked with its callers"},
    {"invalid zero-sized read",
     "the length may be 0 on this path: `if (length == 0) return …` (or `length &= N - 1; if "
     "(length)`) right before the call"},
    {"helper access to the packet is not allowed",
     "this helper takes memory of the program: copy the bytes to the stack first, with "
     "bpf_xdp_load_bytes() or bpf_skb_load_bytes()"},
    {"Invalid format string",
     "formats are %d, %u, %x, %i with l or ll, %s, %p and a few more, with as many arguments as "
     "the "
     "format has, never %f; see bpf_snprintf in bpf-helpers(7)"},
    {"At program exit the register R0",
     "the value that the program returns is none of those that this type allows"},
    {"leaks addr", "a pointer must not be stored where user space can read it"},
    {"tail_call", "a tail call needs a BPF_MAP_TYPE_PROG_ARRAY and less stack before it"},
    {"cannot pass map_type",
     "the helper does not work on that type of map: bpf_redirect_map() wants a devmap, cpumap or "
     "xskmap, bpf_tail_call() a prog_array"},
    {"BTF", "build the object with `clang -g` so that it has BTF"},
});

}  // namespace

std::string_view verifier_hint(std::string_view message) noexcept {
  for (const Row& row : kRows) {
    if (message.find(row.part) != std::string_view::npos) return row.hint;
  }
  return "";
}

}  // namespace ringbed::ebpf
