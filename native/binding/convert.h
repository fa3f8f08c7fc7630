#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "core/dataset.h"
#include "core/trainer.h"

// From JavaScript values to the core's plain structs, and back. lib/ has checked what users pass;
// what is checked here is what a crash could come from: that a property is there and of its type,
// and that an array is as long as its shape says.

namespace gemmnet {

Napi::Object get_object(const Napi::Object& from, const char* name);
Napi::Function get_function(const Napi::Object& from, const char* name);
std::string get_text(const Napi::Object& from, const char* name);
double get_number(const Napi::Object& from, const char* name);
std::size_t get_size(const Napi::Object& from, const char* name);
bool get_boolean(const Napi::Object& from, const char* name);
std::vector<double> get_numbers(const Napi::Object& from, const char* name);
/// `{ name, options: number[] }`
NamedOptions get_named(const Napi::Object& from, const char* name);
/// The objects of an array.
std::vector<Napi::Object> get_objects(const Napi::Object& from, const char* name);

/// Whole number in [0, 2^53].
std::size_t to_size(const Napi::Value& value, const char* name);

/// The elements of a typed array of exactly this type.
template <typename T>
std::span<const T> to_elements(const Napi::Value& value, const char* name);

/// A new typed array, made by JavaScript's constructor: that throws where there is no memory, while
/// Node-API's ends the process.
template <typename T>
Napi::TypedArrayOf<T> make_array(Napi::Env env, std::size_t size);

/// A typed array with a copy of these elements.
template <typename T>
Napi::TypedArrayOf<T> to_array(Napi::Env env, const T* elements, std::size_t size);

/// `{ data, rows, columns, scale }` as it lies; valid as long as `data` is and is not changed.
StoredMatrix borrow_matrix(const Napi::Object& from);
/// The same with `owner` keeping the memory: a copy, or the buffer itself if it is shared, since a
/// SharedArrayBuffer can be neither transferred nor shrunk.
StoredMatrix keep_matrix(const Napi::Object& from, std::shared_ptr<const void>& owner);

LayerSettings to_layer_settings(const Napi::Object& from);
ObjectiveSettings to_objective_settings(const Napi::Object& from);
TrainerSettings to_trainer_settings(const Napi::Object& from);

/// `{ loss, penalty, metrics: number[] }`
Napi::Object to_object(Napi::Env env, const Scores& scores);

}  // namespace gemmnet
