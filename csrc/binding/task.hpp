// Work on a thread of its own whose end settles a promise: the only way that long work crosses the
// boundary.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "binding/control.hpp"
#include "binding/convert.hpp"
#include "engine/run.hpp"
#include "engine/thread.hpp"

namespace ringbed::binding {

// What the thread leaves for the JavaScript thread: an error, or a function that makes the value.
struct Finished {
  base::Status status;
  std::function<Napi::Value(Napi::Env)> value;
};

// One thread, one promise. Lives until the thread has ended and the promise is settled; a
// clean-up hook covers an environment that goes away before.
class Task {
 public:
  using Work = std::function<Finished(const engine::RunControl&)>;

  // `counters` stays referenced, and thus alive, while the thread writes to it.
  // `state_folder`: see RunControl.
  static Napi::Object launch(Napi::Env env, const char* name, const Napi::Value& counters,
                             Work work, std::string state_folder = {}) {
    auto task = std::make_shared<Task>(env);
    const base::LiveCounters live(cells_of(counters));
    if (counters.IsObject()) {
      task->counters_ = Napi::Persistent(counters.As<Napi::Object>());
    }
    task->state_folder_ = std::move(state_folder);
    task->settle_ = Napi::ThreadSafeFunction::New(env, Napi::Function(), name, 1, 1);
    task->self_ = task;
    napi_add_env_cleanup_hook(env, on_exit, task.get());
    task->thread_ = engine::start_thread(name, [raw = task.get(), live, run = std::move(work)] {
      raw->finished_ = run({live, &raw->stop_, raw->desk_.get(), raw->state_folder_});
      raw->settle_.BlockingCall(raw, settle);
    });

    Napi::Object handle = Napi::Object::New(env);
    handle.Set("result", task->deferred_.Promise());
    handle.Set("stop", Napi::Function::New(
                           env, [task](const Napi::CallbackInfo&) { task->stop_ = true; }, "stop"));
    handle.Set(
        "ask",
        Napi::Function::New(
            env, [desk = task->desk_](const Napi::CallbackInfo& info) { return ask(info, desk); },
            "ask"));
    return handle;
  }

  explicit Task(Napi::Env env) : env_(env), deferred_(Napi::Promise::Deferred::New(env)) {}

 private:
  // On the JavaScript thread, after the work.
  static void settle(Napi::Env env, Napi::Function, Task* task) {
    const std::shared_ptr<Task> keep = std::move(task->self_);
    napi_remove_env_cleanup_hook(env, on_exit, task);
    task->thread_.join();
    task->settle_.Release();
    if (task->finished_.status.ok()) {
      task->deferred_.Resolve(task->finished_.value(env));
    } else {
      task->deferred_.Reject(to_js(env, task->finished_.status.error()).Value());
    }
    task->counters_.Reset();
  }

  // The environment goes away first: nobody is left to hear the result. JavaScript may not be
  // called any more, and the references die with the environment.
  static void on_exit(void* data) {
    auto* task = static_cast<Task*>(data);
    task->stop_ = true;
    task->settle_.Abort();
    if (task->thread_.joinable()) {
      task->thread_.join();
    }
    task->counters_.SuppressDestruct();
    const std::shared_ptr<Task> keep = std::move(task->self_);
  }

  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference counters_;
  Napi::ThreadSafeFunction settle_;
  std::atomic<bool> stop_{false};
  // Whoever asks may outlive the task.
  std::shared_ptr<engine::ControlDesk> desk_ = std::make_shared<engine::ControlDesk>();
  std::string state_folder_;
  Finished finished_;
  std::jthread thread_;
  std::shared_ptr<Task> self_;  // until settled
};

}  // namespace ringbed::binding
