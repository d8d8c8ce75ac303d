// bench: base std=17 ns3-applications ns3-point-to-point gsl
// The main job as a user does it: ten million packets of scenarios/nanonet-unicast.yaml in the
// simulator, the whole process from start to report; beside it an empty UDP flow of two hosts on
// one link in ns-3 (Debian's libns3-dev, libgsl-dev). Wall clock, medians of three; ratio:
// ringbed's packets a second to the peer's. Also what the process takes beyond a run of a tenth of
// the packets in memory: nothing may grow with their number.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/bench.hpp"

#if RINGBED_PEER_NS3_APPLICATIONS
#include <ns3/applications-module.h>
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/point-to-point-module.h>
#endif

namespace {

using namespace ringbed;

constexpr int kRounds = 3;
constexpr double kPackets = 10e6;
constexpr double kPeerPackets = 300e3;

struct Process {
  double seconds = 0;
  double mebibytes = 0;  // resident, at most
};

// Runs the scenario with so many packets; ends the benchmark if that fails.
Process simulate(double packets) {
  const std::string source = RINGBED_SOURCE_DIR;
  const std::string program = source + "/dist/cli/main.js";
  const std::string scenario = source + "/scenarios/nanonet-unicast.yaml";
  const std::string count = "packets=" + std::to_string(static_cast<long>(packets));
  const double start = bench::wall_ns();
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execlp("node", "node", program.c_str(), "run", scenario.c_str(), "--set", count.c_str(),
           "--set", "slo={}", nullptr);
    _exit(127);
  }
  int status = 0;
  rusage used{};
  if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0) {
    std::fprintf(stderr, "sim_bench: node %s run did not end well (status %d)\n", program.c_str(),
                 status);
    std::exit(1);
  }
  return {(bench::wall_ns() - start) / 1e9, static_cast<double>(used.ru_maxrss) / 1024};
}

#if RINGBED_PEER_NS3_APPLICATIONS
// Packets a second of a flow that does nothing but arrive.
double flow_in_ns3() {
  using namespace ns3;
  NodeContainer nodes;
  nodes.Create(2);
  PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", StringValue("10Gbps"));
  link.SetChannelAttribute("Delay", StringValue("500ns"));
  const NetDeviceContainer devices = link.Install(nodes);
  InternetStackHelper().Install(nodes);
  Ipv4AddressHelper addresses;
  addresses.SetBase("10.0.0.0", "255.255.255.0");
  const Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
  const ApplicationContainer server = UdpServerHelper(8080).Install(nodes.Get(1));
  UdpClientHelper client(interfaces.GetAddress(1), 8080);
  client.SetAttribute("MaxPackets", UintegerValue(static_cast<std::uint32_t>(kPeerPackets)));
  client.SetAttribute("Interval", TimeValue(MicroSeconds(1)));
  client.SetAttribute("PacketSize", UintegerValue(24));
  client.Install(nodes.Get(0));
  const double start = bench::wall_ns();
  Simulator::Run();
  const double seconds = (bench::wall_ns() - start) / 1e9;
  const std::uint64_t received = DynamicCast<UdpServer>(server.Get(0))->GetReceived();
  Simulator::Destroy();
  return static_cast<double>(received) / seconds;
}
#endif

}  // namespace

int main() {
  std::vector<double> ours;
  std::vector<double> peers;
  double most = 0;
  const double least = simulate(kPackets / 10).mebibytes;
  for (int round = 0; round < kRounds; ++round) {
    const Process process = simulate(kPackets);
    ours.push_back(kPackets / process.seconds);
    most = std::max(most, process.mebibytes);
#if RINGBED_PEER_NS3_APPLICATIONS
    peers.push_back(flow_in_ns3());
#endif
  }
  const double rate = bench::median(ours);
  std::printf(
      "{\"bench\":\"sim\",\"rows\":[\n{\"name\":\"packets/s, whole process\",\"value\":%.0f", rate);
  if (!peers.empty()) {
    const double peer = bench::median(peers);
    std::printf(",\"peer\":\"ns-3, empty UDP flow\",\"peerValue\":%.0f,\"ratio\":%.1f", peer,
                rate / peer);
  }
  std::printf(
      "},\n{\"name\":\"memory, MiB\",\"value\":%.1f,\"peer\":\"a tenth of the packets\","
      "\"peerValue\":%.1f,\"ratio\":%.2f}\n]}\n",
      most, least, most / least);
  return 0;
}
