#include "engine/control.hpp"

namespace ringbed::engine {

base::Result<ControlReply> ControlDesk::ask(const ControlCommand& command) {
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const base::Error late{base::ErrorCode::unavailable, "the run does not answer",
                         "a core of it may be in a long pause; try again"};
  if (!changed_.wait_until(lock, deadline, [this] { return !busy_ || closed_; })) {
    return late;
  }
  if (closed_) {
    return *closed_;
  }
  busy_ = true;
  command_ = command;
  reply_.reset();
  const std::uint64_t ticket = ++ticket_;
  const bool answered =
      changed_.wait_until(lock, deadline, [this] { return reply_.has_value() || closed_; });
  base::Result<ControlReply> result = late;
  if (answered && reply_) {
    result = std::move(*reply_);
  } else if (closed_) {
    result = *closed_;
  }
  // An answer that comes later is nobody's.
  if (ticket_ == ticket) {
    ++ticket_;
  }
  command_.reset();
  reply_.reset();
  busy_ = false;
  changed_.notify_all();
  return result;
}

void ControlDesk::serve(const Work& work) {
  std::unique_lock lock(mutex_);
  if (!command_) {
    return;
  }
  const ControlCommand command = std::move(*command_);
  command_.reset();
  const std::uint64_t ticket = ticket_;
  lock.unlock();
  base::Result<ControlReply> reply = work(command);
  lock.lock();
  if (ticket_ == ticket) {
    reply_ = std::move(reply);
    changed_.notify_all();
  }
}

void ControlDesk::close(base::Error why) {
  const std::lock_guard lock(mutex_);
  if (!closed_) {
    closed_ = std::move(why);
  }
  changed_.notify_all();
}

}  // namespace ringbed::engine
