#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace gemmnet {

class Environment;

/// Work on a thread of its own (never in libuv's pool, where four long jobs hold up every file
/// read), with a JavaScript function that is told of it. Made, delivered and destroyed on the
/// environment's thread; holds core objects, never JavaScript ones, so handles may be collected
/// while it runs.
class Job {
 public:
  explicit Job(const Napi::Function& listener);
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void start(Environment& environment);
  /// Asks the work to end soon. From any thread.
  virtual void stop() { stopping_.store(true); }
  void join();
  [[nodiscard]] bool has_ended() const { return ended_.load(); }

  /// Tells the listener what is new; `ended` the last time, after the thread was joined.
  void deliver(Napi::Env env, bool ended);
  /// Lets go of the listener without a word, when the environment is going away.
  void abandon() { listener_.Reset(); }

 protected:
  /// Runs on the job's thread.
  virtual void work() = 0;
  /// The arguments for the listener: events, and the result where `ended`.
  virtual std::vector<napi_value> news(Napi::Env env, bool ended) = 0;
  /// Called on the environment's thread once the work is over, before the last news.
  virtual void settle() {}

  [[nodiscard]] bool is_stopping() const { return stopping_.load(); }
  void wake();
  /// What stopped `work` by an exception, or empty.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  Environment* environment_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};
  std::string failure_;
  Napi::FunctionReference listener_;
};

/// A job that says nothing until it is done: `listener(error, result)`.
class Task final : public Job {
 public:
  using Work = std::function<void(const std::function<bool()>& stop)>;
  using Result = std::function<Napi::Value(Napi::Env)>;

  Task(const Napi::Function& listener, Work work, Result result)
      : Job(listener), work_(std::move(work)), result_(std::move(result)) {}

 private:
  void work() override {
    work_([this] { return is_stopping(); });
  }
  std::vector<napi_value> news(Napi::Env env, bool ended) override;

  Work work_;
  Result result_;
};

}  // namespace gemmnet
