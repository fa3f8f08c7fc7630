#include "binding/job.h"

#include "binding/environment.h"

namespace gemmnet {

Job::Job(const Napi::Function& listener) : listener_(Napi::Persistent(listener)) {}

void Job::start(Environment& environment) {
  environment_ = &environment;
  thread_ = std::thread([this] {
    try {
      work();
    } catch (const std::bad_alloc&) {
      failure_ = "Out of memory";
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
    ended_.store(true);
    wake();
  });
}

void Job::join() {
  if (thread_.joinable()) thread_.join();
}

void Job::wake() { environment_->wake(*this); }

void Job::deliver(Napi::Env env, bool ended) {
  if (ended) settle();
  try {
    listener_.Call(news(env, ended));
  } catch (const Napi::Error& error) {
    // The listeners in lib/ do not throw; what can come here is a terminating worker.
    if (env.IsExceptionPending()) env.GetAndClearPendingException();
  }
  if (ended) listener_.Reset();
}

std::vector<napi_value> Task::news(Napi::Env env, bool ended) {
  if (!ended) return {};
  if (!failure().empty()) return {Napi::Error::New(env, failure()).Value(), env.Undefined()};
  try {
    return {env.Null(), result_(env)};
  } catch (const Napi::Error& error) {  // no memory for an array of that size
    return {error.Value(), env.Undefined()};
  }
}

}  // namespace gemmnet
