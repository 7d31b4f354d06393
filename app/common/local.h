// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/session/local_backend.h"

#include <string>

// How a local back end is composed, for the command line and for the window. Thread: any.
namespace eventops::app {

/// Exit codes are a contract with scripts, and between our own programs.
enum ExitCode : int { ExitDone = 0, ExitFailed = 1, ExitUsage = 2, ExitRefused = 3, ExitBusy = 4 };
int exitCodeOf(const Error &error);

/// A program that gets no memory (or no thread) says so and exits with ExitFailed. What was acknowledged is in the
/// ledger; unwinding threads in the middle of their work would save nothing more. In force before `main` begins.
void exitWhenOutOfMemory();

/// Path of the executable that runs.
std::string ownProgram();
/// The directory of a workspace when nobody names one: $EVENTOPS_WORKSPACE, else the user's state directory.
std::string defaultWorkspace();
/// Where the shipped pipelines lie: $EVENTOPS_DATA, beside the installed program, or in the source tree.
std::string findDataDirectory(const std::string &program);
/// Name of the operating system's user.
std::string ownUser();

Result<std::string> readTextFile(const std::string &path);

/// @p program: the `eventops` to run as executor role, for an approved action only.
LocalBackendOptions localOptions(const std::string &program, const std::string &dataDirectory,
                                 const std::string &workspace);

} // namespace eventops::app
