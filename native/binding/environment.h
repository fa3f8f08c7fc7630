#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace gemmnet {

class Job;

/// JavaScript objects that core objects keep. A fit may be the last to have rows that are in shared
/// memory, and lets go of them on its own thread, where no reference may be deleted.
class KeptObjects : public std::enable_shared_from_this<KeptObjects> {
 public:
  /// What is returned can be let go of on any thread.
  std::shared_ptr<const void> keep(const Napi::Object& object);
  /// Deletes what other threads have let go of. Called with every news of jobs, and so after a
  /// job's last.
  void delete_left();

 private:
  const std::thread::id thread_ = std::this_thread::get_id();
  std::mutex mutex_;  // guards left_
  std::vector<std::unique_ptr<Napi::ObjectReference>> left_;
};

/// What one JavaScript environment (the main thread or a worker) has of gemmnet: the classes and
/// the running jobs. Everything here is used on the environment's own thread, but for `wake`.
///
/// Jobs reach JavaScript through one thread-safe function that lives as long as the environment.
/// It is made before the cleanup hook is set, and hooks run last to first; so when a worker is
/// terminated or the process ends, the hook stops and joins all jobs while the function is still
/// there, and no thread is left that could call it. `process.exit` on the main thread runs no
/// hooks: there exit() itself ends the jobs.
class Environment {
 public:
  explicit Environment(Napi::Env env);
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  /// Keeps the job, and the event loop, alive until its end is delivered; starts its thread.
  void start(const std::shared_ptr<Job>& job);
  /// Has `Job::deliver` called soon, on the environment's thread. Called from a job's thread.
  void wake(Job& job);
  /// Stops all jobs and waits for their threads; within one batch.
  void end_jobs();

  const std::shared_ptr<KeptObjects> kept_objects = std::make_shared<KeptObjects>();
  Napi::FunctionReference dataset_class;
  Napi::FunctionReference network_class;
  Napi::FunctionReference trainer_class;

 private:
  void deliver(Napi::Env env);
  [[nodiscard]] std::shared_ptr<Job> running(const Job* wanted) const;
  /// Drops the wake that a job sent when it ended, if that came too late to be needed: the next job
  /// may have the same address.
  void forget(const Job& job);
  void close();

  napi_env env_;
  napi_threadsafe_function wake_function_ = nullptr;
  std::vector<std::shared_ptr<Job>> jobs_;
  std::mutex mutex_;  // guards awake_
  std::vector<Job*> awake_;
};

}  // namespace gemmnet
