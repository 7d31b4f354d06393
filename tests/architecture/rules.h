// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

// The house rules that a program can check by reading the sources. Each check returns one sentence for each breach:
// "core/codec/x.cpp:12: includes core/pipeline, which core/codec may not". Pure functions over a source tree.
namespace eventops::architecture {

constexpr std::size_t FileLinesMax = 800;
constexpr std::size_t LineColumnsMax = 120;
constexpr std::size_t FunctionLinesMax = 70;

/// A source file, read once. Paths are relative to the root, with '/'.
struct SourceFile {
    std::string path;
    std::string folder; ///< The unit of the arrows: "core/base", "pipelines", "app".
    std::vector<std::string> lines;
};

/// All C++ and QML files of the folders that have rules, sorted by path.
std::vector<SourceFile> readTree(const std::filesystem::path &root);

std::vector<std::string> checkArrows(const std::vector<SourceFile> &files);
std::vector<std::string> checkQtUse(const std::vector<SourceFile> &files);
std::vector<std::string> checkSizes(const std::vector<SourceFile> &files);
std::vector<std::string> checkWords(const std::vector<SourceFile> &files);
std::vector<std::string> checkHeads(const std::vector<SourceFile> &files);
std::vector<std::string> checkWireNames(const std::vector<SourceFile> &files);
/// Two types of one name in one namespace break the one-definition rule, and no tool says so.
std::vector<std::string> checkTypeNames(const std::vector<SourceFile> &files);
/// EVENTOPS_TRY leaves from within an expression: what the expression has made by then is never destroyed.
std::vector<std::string> checkTries(const std::vector<SourceFile> &files);
std::vector<std::string> checkDeterminism(const std::vector<SourceFile> &files);
/// In widgets, qml and app/console: colours and lengths come from the theme's tokens, so that both themes and every
/// scale hold. 0 and 1 are no lengths.
std::vector<std::string> checkLook(const std::vector<SourceFile> &files);
std::vector<std::string> checkTopLevel(const std::filesystem::path &root);

} // namespace eventops::architecture
