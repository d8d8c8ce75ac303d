// RunResult as the protobuf message of the same name (src/run/record.proto).
#include "engine/proto_wire.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

namespace {

ProtoWriter write(const base::Histogram& histogram) {
  ProtoWriter out;
  out.u64(1, histogram.count());
  out.u64(2, histogram.min());
  out.real(3, histogram.mean());
  out.u64(4, histogram.percentile(50.0));
  out.u64(5, histogram.percentile(90.0));
  out.u64(6, histogram.percentile(99.0));
  out.u64(7, histogram.percentile(99.9));
  out.u64(8, histogram.percentile(99.99));
  out.u64(9, histogram.max());
  out.bytes(10, histogram.encode());
  out.real(11, histogram.stddev());
  return out;
}

ProtoWriter write_packets(const RunResult& result) {
  const base::Ledger& ledger = result.ledger;
  ProtoWriter out;
  out.u64(1, ledger.offered);
  out.u64(2, ledger.duplicated());
  out.u64(3, ledger.received);
  out.u64(4, ledger.processed);
  out.u64(5, ledger.bypassed);
  out.u64(6, ledger.responded);
  out.u64(7, ledger.delivered());
  out.u64(8, ledger.responses);
  out.u64(9, result.offered_bytes);
  out.u64(10, result.response_bytes);
  out.u64(11, result.unsent);
  return out;
}

ProtoWriter write(const StageResult& stage) {
  ProtoWriter out;
  out.text(1, stage.name);
  out.u64(2, stage.in);
  out.u64(3, stage.out);
  out.message(4, write(stage.ns));
  return out;
}

ProtoWriter write(const NamedHistogram& latency) {
  ProtoWriter out;
  out.text(1, latency.name);
  out.message(2, write(latency.ns));
  return out;
}

ProtoWriter write(const PoolResult& pool) {
  ProtoWriter out;
  out.text(1, pool.kind);
  out.u64(2, pool.size);
  out.u64(3, pool.in_use_peak);
  out.u64(4, pool.exhausted);
  out.u64(5, pool.bytes);
  out.u64(6, pool.gets);
  out.u64(7, pool.puts);
  return out;
}

ProtoWriter write(const ConnectionsResult& table) {
  ProtoWriter out;
  out.text(1, table.kind);
  out.u64(2, table.buckets);
  out.u64(3, table.active);
  out.u64(4, table.peak);
  out.u64(5, table.inserted);
  out.u64(6, table.expired);
  out.u64(7, table.rejected);
  out.u64(8, table.evicted);
  out.u64(9, table.closed);
  out.u64(10, table.cleared);
  out.u64(11, table.max_chain);
  out.real(12, table.mean_probes);
  out.u64(13, table.bytes);
  out.u64(14, table.lookups);
  return out;
}

ProtoWriter write(const RingResult& ring) {
  ProtoWriter out;
  out.text(1, ring.name);
  out.u64(2, ring.size);
  out.u64(3, ring.peak);
  out.u64(4, ring.full);
  return out;
}

ProtoWriter write(const StreamResult& stream) {
  ProtoWriter out;
  out.text(1, stream.name);
  out.u64(2, stream.flows);
  out.u64(3, stream.offered);
  out.u64(4, stream.received);
  out.u64(5, stream.lost);
  out.u64(6, stream.duplicated);
  out.u64(7, stream.reordered);
  out.u64(8, stream.responses);
  out.message(9, write(stream.response));
  out.u64(10, stream.offered_bytes);
  out.message(11, write(stream.gap_intended));
  if (stream.gap_achieved.count() != 0) {
    out.message(20, write(stream.gap_achieved));
  }
  out.u64(21, stream.unsent);
  return out;
}

ProtoWriter write(const CoreResult& core) {
  ProtoWriter out;
  out.u64(1, core.core);
  out.u64(2, core.busy_ns);
  out.u64(3, core.paused_ns);
  out.u64(4, core.polls);
  out.u64(5, core.interrupts);
  out.u64(6, core.frames);
  if (core.cpu >= 0) {
    out.u64(20, static_cast<std::uint64_t>(core.cpu) + 1);
  }
  return out;
}

ProtoWriter write(const KernelCounter& counter) {
  ProtoWriter out;
  out.text(1, counter.where);
  out.text(2, counter.name);
  out.u64(3, counter.count);
  return out;
}

ProtoWriter write(const PortResult& port) {
  ProtoWriter out;
  out.text(1, port.end);
  out.text(2, port.backend);
  out.text(3, port.mode);
  out.u64(4, port.queues);
  out.boolean(5, port.huge_pages);
  out.u64(6, port.rx_frames);
  out.u64(7, port.tx_frames);
  out.u64(8, port.system_calls);
  return out;
}

ProtoWriter write(const ClockResult& clock) {
  ProtoWriter out;
  out.text(1, clock.source);
  out.u64(2, clock.resolution_ns);
  out.u64(3, clock.read_ns);
  out.u64(4, clock.bias_ns);
  out.text(5, clock.stamps);
  out.text(6, clock.why_stamps);
  return out;
}

ProtoWriter write(const NamedCount& row) {
  ProtoWriter out;
  out.text(1, row.name);
  out.u64(2, row.count);
  return out;
}

ProtoWriter write(const ClassifierMap& map) {
  ProtoWriter out;
  out.text(1, map.name);
  out.text(2, map.type);
  out.u64(3, map.max_entries);
  out.u64(4, map.bytes);
  out.boolean(5, map.preallocated);
  return out;
}

ProtoWriter write(const ClassifierStage& stage) {
  ProtoWriter out;
  out.u64(1, stage.slot);
  out.text(2, stage.name);
  out.u64(3, stage.hits);
  out.u64(4, stage.misses);
  for (const NamedCount& verdict : stage.verdicts) {
    out.message(5, write(verdict));
  }
  out.u64(6, stage.ns);
  return out;
}

template <typename Rows>
void write_all(ProtoWriter& out, std::uint32_t field, const Rows& rows) {
  for (const auto& row : rows) {
    out.message(field, write(row));
  }
}

ProtoWriter write(const ClassifierResult& classifier) {
  ProtoWriter out;
  out.text(1, classifier.object);
  out.text(2, classifier.program);
  out.text(3, classifier.executor);
  out.u64(4, classifier.frames);
  out.u64(5, classifier.instructions);
  write_all(out, 6, classifier.verdicts);
  write_all(out, 7, classifier.stages);
  write_all(out, 8, classifier.maps);
  out.u64(9, classifier.map_bytes);
  out.text(10, classifier.fault);
  out.u64(11, classifier.faults);
  out.message(12, write(classifier.ns));
  return out;
}

ProtoWriter write(const ClassifierSwaps& swaps) {
  ProtoWriter out;
  out.u64(1, swaps.count);
  out.u64(2, swaps.failed);
  out.text(3, swaps.error);
  out.message(4, write(swaps.ns));
  return out;
}

void write_drops(ProtoWriter& out, const base::Ledger& ledger,
                 const std::vector<KernelReason>& names) {
  for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
    for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
      if (ledger.drops[stage][reason] != 0) {
        ProtoWriter drop;
        drop.text(1, base::kStages[stage].name);
        drop.text(2, base::kReasons[reason].name);
        drop.u64(3, ledger.drops[stage][reason]);
        for (const KernelReason& row : names) {
          if (row.stage == static_cast<base::Stage>(stage) &&
              row.reason == static_cast<base::Reason>(reason)) {
            drop.message(4, write(NamedCount{row.name, row.count}));
          }
        }
        out.message(5, drop);
      }
    }
  }
}

}  // namespace

std::vector<std::uint8_t> encode(const RunResult& result) {
  ProtoWriter out;
  out.boolean(1, result.interrupted);
  out.u64(2, result.end_ns);
  out.message(3, write_packets(result));
  out.boolean(4, result.imbalance.empty());
  write_drops(out, result.ledger, result.kernel_reasons);
  write_all(out, 6, result.stages);
  write_all(out, 7, result.latency);
  out.message(8, write(result.pool));
  out.message(9, write(result.connections));
  write_all(out, 10, result.rings);
  write_all(out, 11, result.streams);
  out.text(12, result.digest);
  out.text(13, result.imbalance);
  write_all(out, 14, result.cores);
  out.u64(15, result.memory_bytes);
  write_all(out, 40, result.ports);
  for (const std::string& note : result.notes) {
    out.text(60, note);
  }
  write_all(out, 61, result.kernel);
  out.u64(63, result.verdicts);
  if (result.generator_cpu >= 0) {
    out.u64(62, static_cast<std::uint64_t>(result.generator_cpu) + 1);
  }
  if (!result.clock.source.empty()) {
    out.message(50, write(result.clock));
  }
  if (result.classifier) {
    out.message(70, write(*result.classifier));
  }
  if (result.classifier_swaps) {
    out.message(80, write(*result.classifier_swaps));
  }
  return out.take();
}

}  // namespace ringbed::engine
