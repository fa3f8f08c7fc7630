#include "binding/convert.h"

#include <cmath>

#include "binding/environment.h"

namespace gemmnet {

namespace {

[[noreturn]] void fail(Napi::Env env, const char* name, const char* what) {
  throw Napi::TypeError::New(env, std::string("Expected `") + name + "` to be " + what);
}

Napi::Value get(const Napi::Object& from, const char* name) { return from.Get(name); }

}  // namespace

Napi::Object get_object(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsObject()) fail(from.Env(), name, "an object");
  return value.As<Napi::Object>();
}

Napi::Function get_function(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsFunction()) fail(from.Env(), name, "a function");
  return value.As<Napi::Function>();
}

std::string get_text(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsString()) fail(from.Env(), name, "a string");
  return value.As<Napi::String>();
}

double get_number(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsNumber()) fail(from.Env(), name, "a number");
  return value.As<Napi::Number>();
}

std::size_t to_size(const Napi::Value& value, const char* name) {
  constexpr double largest = 9007199254740992;
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= largest) || number != std::floor(number))
    fail(value.Env(), name, "a whole number");
  return static_cast<std::size_t>(number);
}

std::size_t get_size(const Napi::Object& from, const char* name) {
  return to_size(get(from, name), name);
}

bool get_boolean(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsBoolean()) fail(from.Env(), name, "a boolean");
  return value.As<Napi::Boolean>();
}

std::vector<double> get_numbers(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsArray()) fail(from.Env(), name, "an array of numbers");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<double> numbers;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value entry = array[i];
    if (!entry.IsNumber()) fail(from.Env(), name, "an array of numbers");
    numbers.push_back(entry.As<Napi::Number>());
  }
  return numbers;
}

std::vector<Napi::Object> get_objects(const Napi::Object& from, const char* name) {
  const Napi::Value value = get(from, name);
  if (!value.IsArray()) fail(from.Env(), name, "an array of objects");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<Napi::Object> objects;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value entry = array[i];
    if (!entry.IsObject()) fail(from.Env(), name, "an array of objects");
    objects.push_back(entry.As<Napi::Object>());
  }
  return objects;
}

namespace {

NamedOptions to_named(const Napi::Object& from) {
  return {get_text(from, "name"), get_numbers(from, "options")};
}

}  // namespace

NamedOptions get_named(const Napi::Object& from, const char* name) {
  return to_named(get_object(from, name));
}

namespace {

template <typename T>
constexpr napi_typedarray_type array_type = napi_float32_array;
template <>
constexpr napi_typedarray_type array_type<double> = napi_float64_array;
template <>
constexpr napi_typedarray_type array_type<std::uint8_t> = napi_uint8_array;
template <>
constexpr napi_typedarray_type array_type<std::int32_t> = napi_int32_array;
template <>
constexpr napi_typedarray_type array_type<std::uint32_t> = napi_uint32_array;

/// A typed array as Node-API sees it now: a detached one has no elements.
struct RawArray {
  napi_typedarray_type type = napi_int8_array;
  const void* data = nullptr;
  std::size_t size = 0;
};

RawArray to_raw(const Napi::Value& value, const char* name) {
  RawArray raw;
  void* data = nullptr;
  if (!value.IsTypedArray() || napi_get_typedarray_info(value.Env(), value, &raw.type, &raw.size,
                                                        &data, nullptr, nullptr) != napi_ok)
    fail(value.Env(), name, "a typed array");
  raw.data = data;
  return raw;
}

}  // namespace

template <typename T>
std::span<const T> to_elements(const Napi::Value& value, const char* name) {
  const RawArray raw = to_raw(value, name);
  if (raw.type != array_type<T>) fail(value.Env(), name, "a typed array of another type");
  return {static_cast<const T*>(raw.data), raw.size};
}
template std::span<const float> to_elements(const Napi::Value&, const char*);
template std::span<const double> to_elements(const Napi::Value&, const char*);
template std::span<const std::uint8_t> to_elements(const Napi::Value&, const char*);
template std::span<const std::int32_t> to_elements(const Napi::Value&, const char*);
template std::span<const std::uint32_t> to_elements(const Napi::Value&, const char*);

template <typename T>
Napi::TypedArrayOf<T> make_array(Napi::Env env, std::size_t size) {
  const char* name = "Float32Array";
  if (array_type<T> == napi_float64_array) name = "Float64Array";
  if (array_type<T> == napi_uint8_array) name = "Uint8Array";
  if (array_type<T> == napi_int32_array) name = "Int32Array";
  if (array_type<T> == napi_uint32_array) name = "Uint32Array";
  const Napi::Object made = env.Global().Get(name).As<Napi::Function>().New(
      {Napi::Number::New(env, static_cast<double>(size))});
  if (to_elements<T>(made, name).size() != size) fail(env, name, "the built-in one");
  return made.As<Napi::TypedArrayOf<T>>();
}
template Napi::TypedArrayOf<float> make_array(Napi::Env, std::size_t);
template Napi::TypedArrayOf<double> make_array(Napi::Env, std::size_t);
template Napi::TypedArrayOf<std::uint8_t> make_array(Napi::Env, std::size_t);
template Napi::TypedArrayOf<std::int32_t> make_array(Napi::Env, std::size_t);
template Napi::TypedArrayOf<std::uint32_t> make_array(Napi::Env, std::size_t);

template <typename T>
Napi::TypedArrayOf<T> to_array(Napi::Env env, const T* elements, std::size_t size) {
  auto array = make_array<T>(env, size);
  if (size != 0) std::copy_n(elements, size, array.Data());
  return array;
}
template Napi::TypedArrayOf<float> to_array(Napi::Env, const float*, std::size_t);
template Napi::TypedArrayOf<double> to_array(Napi::Env, const double*, std::size_t);
template Napi::TypedArrayOf<std::int32_t> to_array(Napi::Env, const std::int32_t*, std::size_t);
template Napi::TypedArrayOf<std::uint32_t> to_array(Napi::Env, const std::uint32_t*, std::size_t);

StoredMatrix borrow_matrix(const Napi::Object& from) {
  StoredMatrix matrix;
  matrix.rows = get_size(from, "rows");
  matrix.columns = get_size(from, "columns");
  matrix.scale = get_number(from, "scale");
  const RawArray raw = to_raw(from.Get("data"), "data");
  if (raw.type == napi_float32_array)
    matrix.type = ElementType::float32;
  else if (raw.type == napi_float64_array)
    matrix.type = ElementType::float64;
  else if (raw.type == napi_uint8_array)
    matrix.type = ElementType::uint8;
  else
    fail(from.Env(), "data", "a Float32Array, Float64Array or Uint8Array");
  constexpr std::size_t most_rows = 0xFFFFFFFF;
  if (matrix.rows > most_rows) fail(from.Env(), "rows", "at most 2^32 - 1");
  if (matrix.columns == 0 || raw.size / matrix.columns != matrix.rows ||
      raw.size % matrix.columns != 0)
    fail(from.Env(), "data", "as long as rows times columns (was its memory transferred?)");
  matrix.data = raw.data;
  return matrix;
}

StoredMatrix keep_matrix(const Napi::Object& from, std::shared_ptr<const void>& owner) {
  StoredMatrix matrix = borrow_matrix(from);
  const Napi::Value data = from.Get("data");
  // Asked of the array itself: its `buffer` property can be anything.
  napi_value buffer = nullptr;
  bool is_array_buffer = true;
  napi_get_typedarray_info(from.Env(), data, nullptr, nullptr, nullptr, &buffer, nullptr);
  napi_is_arraybuffer(from.Env(), buffer, &is_array_buffer);
  if (!is_array_buffer) {
    owner = Environment::of(from.Env()).kept_objects->keep(data.As<Napi::Object>());
    return matrix;
  }
  auto copy = std::make_shared<AlignedBuffer<std::uint8_t>>(matrix.bytes());
  std::copy_n(static_cast<const std::uint8_t*>(matrix.data), matrix.bytes(), copy->data());
  matrix.data = copy->data();
  owner = copy;
  return matrix;
}

LayerSettings to_layer_settings(const Napi::Object& from) {
  LayerSettings settings;
  settings.kind = get_text(from, "kind");
  settings.options = get_numbers(from, "options");
  settings.units = get_size(from, "units");
  settings.activation = get_named(from, "activation");
  settings.bias = get_boolean(from, "bias");
  settings.kernel_initializer = get_named(from, "kernelInitializer");
  settings.bias_initializer = get_named(from, "biasInitializer");
  for (const Napi::Object& column : get_objects(from, "columns"))
    settings.columns.push_back({get_size(column, "column"), get_size(column, "categories"),
                                get_size(column, "dimensions")});
  return settings;
}

namespace {

std::vector<Penalty> get_penalties(const Napi::Object& from, const char* name) {
  std::vector<Penalty> penalties;
  for (const Napi::Object& penalty : get_objects(from, name))
    penalties.push_back({get_number(penalty, "l1"), get_number(penalty, "l2")});
  return penalties;
}

ScheduleSettings to_schedule_settings(const Napi::Object& from) {
  ScheduleSettings settings;
  settings.name = get_text(from, "name");
  settings.per = get_text(from, "per") == "epoch" ? ScheduleUnit::epoch : ScheduleUnit::step;
  settings.options = get_numbers(from, "options");
  if (from.Has("child")) settings.child.push_back(to_schedule_settings(get_object(from, "child")));
  if (from.Has("boundaries")) settings.boundaries = get_numbers(from, "boundaries");
  if (from.Has("rates")) settings.rates = get_numbers(from, "rates");
  return settings;
}

PhaseSettings to_phase_settings(const Napi::Object& from) {
  PhaseSettings settings;
  settings.update.optimizer = get_named(from, "optimizer");
  settings.update.weight_decay = get_number(from, "weightDecay");
  settings.update.decoupled = get_boolean(from, "decoupled");
  const Napi::Object clipping = get_object(from, "clipping");
  settings.update.clipping = {get_number(clipping, "value"), get_number(clipping, "tensorNorm"),
                              get_number(clipping, "globalNorm"), get_number(clipping, "epsilon"),
                              get_boolean(clipping, "beforePenalty")};
  settings.update.max_norms = get_numbers(from, "maxNorms");
  settings.update.max_norm_epsilon = get_number(from, "maxNormEpsilon");
  if (from.Has("schedule")) settings.schedule = to_schedule_settings(get_object(from, "schedule"));
  settings.epochs = get_size(from, "epochs");
  settings.batch_size = get_size(from, "batchSize");
  settings.accumulate = get_size(from, "accumulate");
  return settings;
}

}  // namespace

ObjectiveSettings to_objective_settings(const Napi::Object& from) {
  ObjectiveSettings settings;
  settings.loss = get_named(from, "loss");
  for (const Napi::Object& metric : get_objects(from, "metrics"))
    settings.metrics.push_back(to_named(metric));
  settings.tensor_penalties = get_penalties(from, "tensorPenalties");
  settings.activity_penalties = get_penalties(from, "activityPenalties");
  settings.penalty_per_row = get_boolean(from, "penaltyPerRow");
  settings.mean_over_weights = get_boolean(from, "meanOverWeights");
  settings.class_weights = get_numbers(from, "classWeights");
  return settings;
}

TrainerSettings to_trainer_settings(const Napi::Object& from) {
  TrainerSettings settings;
  settings.objective = to_objective_settings(get_object(from, "objective"));
  for (const Napi::Object& phase : get_objects(from, "phases"))
    settings.phases.push_back(to_phase_settings(phase));
  settings.average_momentum = get_number(from, "averageMomentum");
  settings.shuffle = get_boolean(from, "shuffle");
  settings.seed = get_size(from, "seed");
  settings.threads = get_size(from, "threads");
  return settings;
}

Napi::Object to_object(Napi::Env env, const Scores& scores) {
  Napi::Object object = Napi::Object::New(env);
  object["loss"] = scores.loss;
  object["penalty"] = scores.penalty;
  Napi::Array metrics = Napi::Array::New(env, scores.metrics.size());
  for (std::uint32_t m = 0; m < scores.metrics.size(); ++m) metrics[m] = scores.metrics[m];
  object["metrics"] = metrics;
  return object;
}

}  // namespace gemmnet
