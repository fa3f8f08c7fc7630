#include "binding/environment.h"

#include <algorithm>

#include "binding/job.h"

namespace gemmnet {

namespace {

/// The environments of this process that have not been closed. `process.exit` on the main thread
/// runs no cleanup hooks; but exit() destroys this, and so ends all threads, before it takes down
/// the libraries that they are in. Made after the core's own statics, and so destroyed before them.
class OpenEnvironments {
 public:
  static OpenEnvironments& get() {
    static OpenEnvironments open;
    return open;
  }
  ~OpenEnvironments() {
    const std::lock_guard lock(mutex_);
    for (Environment* const environment : open_) environment->end_jobs();
  }
  void add(Environment* environment) {
    const std::lock_guard lock(mutex_);
    open_.push_back(environment);
  }
  void remove(Environment* environment) {
    const std::lock_guard lock(mutex_);
    std::erase(open_, environment);
  }

 private:
  std::mutex mutex_;
  std::vector<Environment*> open_;
};

}  // namespace

std::shared_ptr<const void> KeptObjects::keep(const Napi::Object& object) {
  auto reference = std::make_unique<Napi::ObjectReference>(Napi::Persistent(object));
  const auto let_go = [self = shared_from_this()](Napi::ObjectReference* last) {
    std::unique_ptr<Napi::ObjectReference> left(last);
    if (std::this_thread::get_id() == self->thread_) return;
    const std::lock_guard lock(self->mutex_);
    self->left_.push_back(std::move(left));
  };
  return {reference.release(), let_go};
}

void KeptObjects::delete_left() {
  std::vector<std::unique_ptr<Napi::ObjectReference>> left;
  const std::lock_guard lock(mutex_);
  left.swap(left_);
}

Environment::Environment(Napi::Env env) : env_(env) {
  const auto call = [](napi_env call_env, napi_value, void* context, void*) {
    if (call_env == nullptr) return;  // the environment is being taken down
    static_cast<Environment*>(context)->deliver(call_env);
  };
  napi_value name = Napi::String::New(env, "gemmnet.job");
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, call, &wake_function_);
  if (status != napi_ok) throw Napi::Error::New(env, "gemmnet: no thread-safe function");
  napi_unref_threadsafe_function(env, wake_function_);
  env.AddCleanupHook([](Environment* environment) { environment->close(); }, this);
  OpenEnvironments::get().add(this);
}

void Environment::start(const std::shared_ptr<Job>& job) {
  if (jobs_.empty()) napi_ref_threadsafe_function(env_, wake_function_);
  jobs_.push_back(job);
  try {
    job->start(*this);
  } catch (...) {  // no thread to be had
    jobs_.pop_back();
    if (jobs_.empty()) napi_unref_threadsafe_function(env_, wake_function_);
    throw;
  }
}

void Environment::wake(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (std::find(awake_.begin(), awake_.end(), &job) != awake_.end()) return;
    awake_.push_back(&job);
  }
  napi_call_threadsafe_function(wake_function_, nullptr, napi_tsfn_nonblocking);
}

std::shared_ptr<Job> Environment::running(const Job* wanted) const {
  const auto place = std::find_if(jobs_.begin(), jobs_.end(),
                                  [=](const auto& job) { return job.get() == wanted; });
  return place == jobs_.end() ? nullptr : *place;
}

void Environment::deliver(Napi::Env env) {
  std::vector<Job*> awake;
  {
    const std::lock_guard lock(mutex_);
    awake.swap(awake_);
  }
  for (Job* const woken : awake) {
    const std::shared_ptr<Job> job = running(woken);
    if (job == nullptr) continue;
    const Napi::HandleScope scope(env);
    // Asked once: a job that ends from here on wakes once more.
    const bool ended = job->has_ended();
    if (ended) {
      job->join();
      std::erase(jobs_, job);
      forget(*job);
      if (jobs_.empty()) napi_unref_threadsafe_function(env_, wake_function_);
    }
    job->deliver(env, ended);
  }
  kept_objects->delete_left();
}

void Environment::forget(const Job& job) {
  const std::lock_guard lock(mutex_);
  std::erase(awake_, &job);
}

void Environment::end_jobs() {
  for (const auto& job : jobs_) job->stop();
  for (const auto& job : jobs_) job->join();
}

void Environment::close() {
  OpenEnvironments::get().remove(this);
  end_jobs();
  for (const auto& job : jobs_) job->abandon();
  jobs_.clear();
  kept_objects->delete_left();
  for (Napi::FunctionReference* reference : {&dataset_class, &network_class, &trainer_class})
    reference->Reset();
}

}  // namespace gemmnet
