// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_path.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// A JSON document that is being made or changed. What is not touched stays as it was written: a value is taken apart
/// when something is put into it. Thread: one. Complexity: O(bytes on the way) a change.
class JsonTree
{
public:
    using Steps = std::vector<JsonPath::Step>;
    explicit JsonTree(std::string valid = "{}") : m_raw(std::move(valid)) {} ///< @p valid: one JSON value.
    /// Puts the JSON value @p raw at @p steps and makes what is missing on the way: objects, arrays, and for a key of
    /// [{key, value}, …] the pair with its typed value. False: something else stands in the way; the tree may have
    /// grown by then, so try on a copy.
    bool put(std::span<const JsonPath::Step> steps, std::string_view raw);
    /// Takes the member or element at @p steps out. False: there is none.
    bool remove(std::span<const JsonPath::Step> steps);
    /// Leaves of the array at @p steps the element @p index alone. False: there is no such element.
    bool keepOnly(std::span<const JsonPath::Step> steps, std::size_t index);
    void append(std::string &out) const;
    std::string text() const;

private:
    enum class Shape : std::uint8_t { Raw, Object, Array };
    void open();
    bool become(Shape shape);
    JsonTree *child(const JsonPath::Step &step, bool make);
    JsonTree *member(std::string_view name, bool make);
    JsonTree *element(const JsonPath::Step &step, bool make);
    JsonTree *walk(std::span<const JsonPath::Step> steps, bool make);

    Shape m_shape = Shape::Raw;
    std::string m_raw;
    std::vector<std::pair<std::string, JsonTree>> m_children; ///< By name as written between the quotes; "" in arrays.
};

/// An AnyValue of OpenTelemetry for a JSON value: {"stringValue": …}. Lists and maps that came as such stay such,
/// others are JSON in a text.
std::string typedValue(std::string_view value);

} // namespace eventops
