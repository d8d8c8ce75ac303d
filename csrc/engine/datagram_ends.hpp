// What kernel sockets at an end of a live world must know beforehand: a socket has one UDP port and
// hears one address, so both are read off the plan; and what a datagram cannot carry is refused
// before anything is opened.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "engine/plan.hpp"
#include "port/host_stack.hpp"
#include "port/registry.hpp"

namespace ringbed::engine {

// `key` of the scenario names `backend`, which carries datagrams only. Error: invalid, naming the
// stream or the part of the device that needs whole frames, and the backends that carry those.
[[nodiscard]] base::Status check_datagrams(const Plan& plan, const std::string& key,
                                           const std::string& backend);

[[nodiscard]] port::SocketOptions device_sockets(const Plan& plan);
[[nodiscard]] port::SocketOptions generator_sockets(const Plan& plan);

// The least power of two by which the ports of all receiving sockets differ.
[[nodiscard]] std::uint32_t receiving_span(const port::SocketOptions& sockets) noexcept;

// The addresses of a world's own namespaces. `peer`: the MAC of the other end's interface.
[[nodiscard]] port::HostAddresses device_addresses(const Plan& plan,
                                                   const std::array<std::uint8_t, 6>& peer);
[[nodiscard]] port::HostAddresses generator_addresses(const Plan& plan);

// Whether the stack of the device's end hands a frame to the device's socket, if all goes well.
[[nodiscard]] bool deliverable(const Plan& plan, base::ByteView frame) noexcept;

}  // namespace ringbed::engine
