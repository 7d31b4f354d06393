// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/value.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace eventops {

/// Bounds against hostile or mistaken files. One document, no aliases, tags or merge keys, so nothing grows.
struct YamlLimits {
    std::size_t bytesMax = 1u << 20;
    std::size_t depthMax = 64;
    std::size_t nodesMax = 100'000;      ///< Scalars, lists, maps and names.
    std::size_t flowBracketsMax = 20'000;///< "[" and "{" in the whole text, quoted or not: each open one costs memory.
};

/// Reads one YAML 1.2 document. @p name stands for the file in error messages.
/// Errors: InvalidConfig or LimitExceeded with line and column. Takes O(bytes), for any bytes. Thread: any.
Result<Value> parseYaml(std::string_view text, const std::string &name, const YamlLimits &limits = {});

/// Reads a file, see parseYaml. Errors: also NotFound, Io. A name that ends in .csv is read by parseCsvTable.
Result<Value> loadYaml(const std::string &path, const YamlLimits &limits = {});

/// A table as `{first cell: {column: cell, …}, …}`: what a map of maps would be in YAML. The first line names the
/// columns; RFC 4180 quoting; empty cells are left out; every cell is a text. Same bounds as YAML.
Result<Value> parseCsvTable(std::string_view text, const std::string &name, const YamlLimits &limits = {});

} // namespace eventops
