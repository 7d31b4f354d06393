// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/codec/webhook.h"
#include "core/session/workspace.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// One target of a workspace: what goes there, as whom, and what it may answer. Holds no secret.
struct WebhookHook {
    static constexpr std::string_view Alerts = "alerts", Deviations = "deviations", Requests = "requests",
                                      Reports = "reports";

    std::string name; ///< Letters, digits, - and _.
    std::string url;
    std::vector<std::string> send = {std::string(Alerts)}; ///< Some of the four words above.
    std::string filter;     ///< Over findings or actions, whatever is sent; empty: everything.
    std::string secretEnv;  ///< Environment variable with the secrets; else
    std::string secretFile; ///< a file of them, from the workspace on. Several: the newest first.
    std::string callback;   ///< Base URL of our own server as the target sees it; empty: it is not asked for reports.
    std::string caFile;     ///< PEM of the authorities to trust; empty: the system's.
    std::int64_t timeoutMs = 10'000; ///< For one whole exchange.
    bool allowHttp = false;          ///< Plain http to another machine.

    bool sends(std::string_view what) const;
    bool operator==(const WebhookHook &) const = default;
    std::string secretPath(const Workspace &workspace) const; ///< Empty: it is in the environment.
    /// As they are now. InvalidConfig, Refused (others may read the file), NotFound.
    Result<WebhookKeys> keys(const Workspace &workspace) const;
    /// Where this hook's target tells what became of an action; empty: nowhere.
    std::string callbackUrl() const;
    /// InvalidArgument: what will not do, as one sentence with its remedy.
    Status check() const;

    std::string markFile(const Workspace &workspace) const
    {
        return workspace.directory + "/webhook-" + name + ".mark";
    }
    std::string lockName() const { return "webhook-" + name; }
};
constexpr std::size_t WebhooksMax = 16;

/// Where a workspace's webhooks are told: `webhooks.json` in it.
std::string webhooksFile(const Workspace &workspace);
bool hasWebhooks(const Workspace &workspace);

/// The hooks in the order of the file; none where there is no file. InvalidConfig names line and member.
Result<std::vector<WebhookHook>> readWebhooks(const Workspace &workspace);
Status writeWebhooks(const Workspace &workspace, std::span<const WebhookHook> hooks);

} // namespace eventops
