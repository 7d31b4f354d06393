// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <string>
#include <string_view>

namespace eventops::lake {

/// "what: why", from errno; Full when the disk is.
Error fileError(const std::string &what, const std::string &path);

/// Makes what was written to a file, or what was renamed in a folder, survive a crash.
Status syncPath(const std::string &path);

Status makeFolders(const std::string &path);

/// Copies @p from over @p to so that a reader of @p to sees the old file or the new one, whole: written beside, synced,
/// renamed. @p from must not change meanwhile.
Status replaceByCopy(const std::string &from, const std::string &to);

/// Makes @p path a file with this content, or leaves what is there: written beside, synced, renamed, synced.
Status replaceFile(const std::string &path, std::string_view content);

/// Renames @p path to the first free `<path>.damaged-N` and gives that name. NotFound: there is nothing.
Result<std::string> setAside(const std::string &path);

} // namespace eventops::lake
