// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/workspace.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace eventops::api {

/// Settings of what is served, by path, as AWS Systems Manager's Parameter Store keeps them (contracts K4, X38). Later
/// layers win: what is built in; the workspace's `settings.yaml`, a map of path to value; the environment, where
/// /iac/lambda/karma-log-handler/runtime is EVENTOPS_SETTING__IAC__LAMBDA__KARMA_LOG_HANDLER__RUNTIME. Thread: any,
/// once loaded.
class SettingsTree
{
public:
    struct Entry {
        std::string path;
        std::string value;  ///< JSON.
        std::string origin; ///< "built in", "settings.yaml:3", "environment".
    };
    using Environment = std::function<const char *(const char *name)>; ///< getenv.

    /// InvalidConfig names file, line and path: a path that nothing reads, a value of the environment that is no JSON.
    static Result<SettingsTree> load(const Workspace &workspace, const Environment &environment);
    static std::string file(const Workspace &workspace) { return workspace.directory + "/settings.yaml"; }
    static std::string environmentName(const std::string &path);

    const std::vector<Entry> &entries() const { return m_entries; } ///< By path.
    const Entry *find(const std::string &path) const;

private:
    Entry *known(const std::string &path);
    std::vector<Entry> m_entries;
};

/// An operation of an API description whose handler is ours.
struct MountedOperation {
    std::string method;   ///< "POST"
    std::string path;     ///< "/v1/events"
    std::string nickname; ///< x-lambda-nickname.
    std::string handler;  ///< What the settings say that it means.
};

/// The operations of the description that /iac/openapi/karma-api/runtime names, below the path of its first server and
/// at the root, each with the handler that /iac/lambda/NICKNAME/runtime names. @p dataDirectory: where the shipped
/// description lies. InvalidConfig with the place: what is no such description, a nickname without a setting.
Result<std::vector<MountedOperation>> mountedOperations(const SettingsTree &settings, const std::string &dataDirectory);

} // namespace eventops::api
