#include "engine/loaded_classifier.hpp"

#include <algorithm>

#include "ebpf/kernel_pins.hpp"
#include "engine/live_nic_world.hpp"
#include "port/netns.hpp"

namespace ringbed::engine {

namespace {

using ebpf::AttachMode;

struct NamedMode {
  const char* name;
  AttachMode mode;
};
constexpr NamedMode kModes[] = {{"native", AttachMode::native},
                                {"generic", AttachMode::generic},
                                {"tc", AttachMode::tc},
                                {"tcx", AttachMode::tcx}};

base::Result<std::uint32_t> interface_index(const LoadRequest& request) {
  auto netlink = port::Netlink::open();
  if (!netlink) return netlink.error();
  auto link = netlink.value().link(request.interface);
  if (!link) return link.error();
  auto routes = netlink.value().default_routes();
  if (!routes) return routes.error();
  if (!request.allowed) {
    if (auto status = refuse_default_route(link.value(), routes.value()); !status) {
      return status.error();
    }
  }
  return link.value().index;
}

base::Status in_space(const std::string& name, const std::function<base::Status()>& work) {
  if (name.empty()) return work();
  auto space = port::NetworkNamespace::open(name);
  return space ? space.value().run(work) : base::Status(space.error());
}

// A section that does not say, or says the other: the mode decides what a program without a type
// is.
base::Result<std::unique_ptr<ClassifierObject>> open_for(const Plan& plan, AttachMode mode) {
  ClassifierPlan classifier = plan.classifier;
  if (classifier.type.empty()) {
    classifier.type = ebpf::program_type_for(mode) == ebpf::ProgramType::tc ? "tc" : "xdp";
  }
  return open_classifier(classifier);
}

}  // namespace

base::Result<AttachMode> attach_mode(const std::string& name) {
  if (name.empty()) return AttachMode::xdp;
  const auto found =
      std::ranges::find_if(kModes, [&](const NamedMode& each) { return name == each.name; });
  if (found != std::end(kModes)) return found->mode;
  return base::Error{base::ErrorCode::invalid, "there is no mode '" + name + "'",
                     "native, generic, tc or tcx"};
}

base::Result<std::unique_ptr<LoadedClassifier>> LoadedClassifier::load(const LoadRequest& request) {
  auto object = open_for(request.plan, request.mode);
  if (!object) return object.error();
  auto loaded = ebpf::KernelClassifier::load(layout_of(request.plan.classifier, *object.value()),
                                             tell_stages(request.plan, *object.value()));
  if (!loaded) return loaded.error();
  std::unique_ptr<LoadedClassifier> made(
      new LoadedClassifier(request.plan, std::move(object).value(), std::move(loaded).value()));
  ebpf::KernelClassifier& classifier = made->classifier_;
  const base::Status attached = in_space(request.space, [&]() -> base::Status {
    auto index = interface_index(request);
    return index ? classifier.attach(index.value(), request.mode) : base::Status(index.error());
  });
  if (!attached) return attached.error();
  if (!request.pin.empty()) {
    if (auto status = pin_classifier(classifier, request.pin); !status) return status.error();
  }
  return made;
}

const char* LoadedClassifier::mode() const {
  const AttachMode mode = classifier_.link()->mode();
  const auto found =
      std::ranges::find_if(kModes, [&](const NamedMode& each) { return mode == each.mode; });
  return found == std::end(kModes) ? "native" : found->name;
}

base::Result<ebpf::ClassifierLayout> LoadedClassifier::with_stage(const Plan& plan,
                                                                  std::uint32_t slot,
                                                                  ClassifierObject& next) const {
  ebpf::ClassifierLayout layout = classifier_.layout();
  if (layout.stages.empty()) {
    return base::Error{base::ErrorCode::invalid,
                       "the classifier that is loaded fills its slots itself: no single stage of "
                       "it can be replaced",
                       "load it with --stages, or swap the whole object"};
  }
  if (slot >= layout.stages.size()) {
    return base::Error{base::ErrorCode::invalid,
                       "there is no stage " + std::to_string(slot) + ": the classifier has " +
                           std::to_string(layout.stages.size()),
                       "slots count from 0"};
  }
  const std::string program =
      plan.classifier.program.empty() ? next.entry : plan.classifier.program;
  layout.objects.push_back(std::make_shared<const ebpf::LoadableObject>(
      ebpf::LoadableObject{std::move(next.file), next.spec, next.fallback}));
  layout.stages[slot] = {layout.objects.size() - 1, program};
  // Objects that no slot needs any more go; the first one has the entry.
  for (std::size_t i = layout.objects.size() - 1; i > 0; --i) {
    const auto uses = [i](const ebpf::StageChoice& stage) { return stage.object == i; };
    if (std::ranges::any_of(layout.stages, uses)) continue;
    layout.objects.erase(layout.objects.begin() + static_cast<std::ptrdiff_t>(i));
    for (ebpf::StageChoice& stage : layout.stages) {
      stage.object -= stage.object > i ? 1 : 0;
    }
  }
  return layout;
}

base::Result<std::vector<std::string>> LoadedClassifier::swap(const Plan& plan, OneStage slot) {
  auto next = open_for(plan, classifier_.link()->mode());
  if (!next) return next.error();
  if (slot) {
    auto layout = with_stage(plan, *slot, *next.value());
    if (!layout) return layout.error();
    const std::string name = layout.value().stages[*slot].program;
    auto swapped = classifier_.swap(std::move(layout).value(), tell_stages(plan_, *object_));
    if (swapped && *slot < object_->stages.size()) object_->stages[*slot] = name;
    return swapped;
  }
  auto swapped =
      classifier_.swap(layout_of(plan.classifier, *next.value()), tell_stages(plan, *next.value()));
  if (!swapped) return swapped;
  plan_ = plan;
  object_ = std::move(next).value();
  return swapped;
}

base::Status swap_pinned(const std::string& folder, const Plan& plan) {
  auto object = open_classifier(plan.classifier);
  if (!object) return object.error();
  auto pinned = ebpf::open_pins(folder, object.value()->spec);
  if (!pinned) return pinned.error();
  auto loaded =
      ebpf::KernelClassifier::load(layout_of(plan.classifier, *object.value()),
                                   tell_stages(plan, *object.value()), pinned.value().maps);
  if (!loaded) return loaded.error();
  if (auto status = loaded.value().take_over(std::move(pinned.value().link)); !status)
    return status;
  return ebpf::renew_pins(loaded.value(), folder);
}

base::Status unload_pinned(const std::string& folder) { return ebpf::remove_pins(folder); }

}  // namespace ringbed::engine
