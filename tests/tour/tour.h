// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

// Commands and expected output in a document, so that what it shows is what happens. Pure functions over text.
//
//     <!-- tour -->
//     ```console
//     $ eventops approvals list --workspace ~/tour
//     restart_broker … waiting
//     ...
//     ```
//
// A line `$ command` is run; the lines below it, up to the next command, are what it prints on both of its outputs.
// `...` on a line of its own stands for any number of lines, `…` within a line for any text. No lines: anything goes. A
// command that ends in a backslash goes on in the next line; one with `<<EOF` goes on up to a line `EOF`.
namespace eventops::tour {

struct Command {
    std::size_t line = 0; ///< In the document, from 1.
    std::string text;     ///< May hold line ends after backslashes.
    std::vector<std::string> expected;
};

/// The commands of all marked blocks, in order.
std::vector<Command> parse(const std::string &markdown);

/// Empty when @p actual is as expected; else one sentence that names the first line that is not.
std::string difference(const std::vector<std::string> &expected, const std::vector<std::string> &actual);

/// A bash script that runs the commands one after another in one shell; each output stands between marks.
std::string script(const std::vector<Command> &commands);

struct Outcome {
    int status = -1; ///< -1: the shell ended before.
    std::vector<std::string> output;
};

/// What the script printed, command by command.
std::vector<Outcome> parseOutput(const std::string &text, std::size_t commands);

} // namespace eventops::tour
