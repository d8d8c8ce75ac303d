#include "engine/loaded_classifier.hpp"

#include <algorithm>

#include "ebpf/kernel_pins.hpp"
#include "engine/live_nic_world.hpp"
#include "engine/pinned_choices.hpp"
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
ClassifierPlan typed(ClassifierPlan classifier, AttachMode mode) {
  if (classifier.type.empty()) {
    classifier.type = ebpf::program_type_for(mode) == ebpf::ProgramType::tc ? "tc" : "xdp";
  }
  return classifier;
}

base::Result<std::unique_ptr<ClassifierObject>> open_for(const Plan& plan, AttachMode mode) {
  return open_classifier(typed(plan.classifier, mode));
}

// `layout` with the plan's program of `next` in slot `slot`.
base::Result<ebpf::ClassifierLayout> with_stage(ebpf::ClassifierLayout layout, const Plan& plan,
                                                std::uint32_t slot, ClassifierObject& next) {
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
    const PinnedChoice choice{request.plan.classifier, {}, classifier.layout().objects[0]->file};
    if (auto status = pin_choices(request.pin, {choice}); !status) {
      (void)ebpf::remove_pins(request.pin);
      return status.error();
    }
  }
  return made;
}

const char* LoadedClassifier::mode() const {
  if (classifier_.link() == nullptr) return "detached";
  const AttachMode mode = classifier_.link()->mode();
  const auto found =
      std::ranges::find_if(kModes, [&](const NamedMode& each) { return mode == each.mode; });
  return found == std::end(kModes) ? "native" : found->name;
}

base::Result<std::vector<std::string>> LoadedClassifier::swap(const Plan& plan, OneStage slot) {
  if (classifier_.link() == nullptr) {
    return base::Error{base::ErrorCode::invalid, "the classifier was unloaded", ""};
  }
  auto next = open_for(plan, classifier_.link()->mode());
  if (!next) return next.error();
  if (slot) {
    auto layout = with_stage(classifier_.layout(), plan, *slot, *next.value());
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

base::Status swap_pinned(const std::string& folder, const Plan& plan, OneStage slot) {
  auto link = ebpf::open_pinned_link(folder);
  if (!link) return link.error();
  const AttachMode mode = link.value().mode();
  auto next = open_for(plan, mode);
  if (!next) return next.error();
  std::vector<PinnedChoice> choices;
  if (slot) {
    auto pinned = pinned_choices(folder);
    if (!pinned) return pinned.error();
    choices = std::move(pinned).value();
    // Of a slot only the last choice counts.
    std::erase_if(choices, [&](const PinnedChoice& each) { return each.slot == slot; });
  }
  choices.push_back({plan.classifier, slot, next.value()->file});

  Plan first = plan;
  first.classifier = choices.front().plan;
  auto object = open_classifier(typed(first.classifier, mode), choices.front().file);
  if (!object) return object.error();
  ebpf::ClassifierLayout layout = layout_of(first.classifier, *object.value());
  for (std::size_t i = 1; i < choices.size(); ++i) {
    Plan stage = plan;
    stage.classifier = choices[i].plan;
    auto other = open_classifier(typed(stage.classifier, mode), choices[i].file);
    if (!other) return other.error();
    auto changed = with_stage(std::move(layout), stage, *choices[i].slot, *other.value());
    if (!changed) return changed.error();
    layout = std::move(changed).value();
  }
  const ebpf::PinnedMaps pinned = ebpf::open_pinned_maps(folder, object.value()->spec);
  auto loaded = ebpf::KernelClassifier::load(std::move(layout), tell_stages(first, *object.value()),
                                             pinned.maps);
  if (!loaded) return loaded.error();
  if (auto status = loaded.value().take_over(std::move(link).value()); !status) return status;
  if (auto status = ebpf::renew_pins(loaded.value(), folder); !status) return status;
  return pin_choices(folder, choices);
}

base::Status unload_pinned(const std::string& folder) { return ebpf::remove_pins(folder); }

}  // namespace ringbed::engine
