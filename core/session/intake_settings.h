// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/session/workspace.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A service that posts its events to us by a webhook of its own, and how it shows that it is that one. Holds no
/// secret.
struct Intake {
    /// How a request proves that its sender knows the secret.
    enum class Proof : std::uint8_t {
        Standard, ///< Standard Webhooks: signature, id and time in webhook-*; the secret as "whsec_…".
        Hmac,     ///< HMAC-SHA256 of the body in a header, in hex, "sha256=" or "v1=" before it: GitHub, PagerDuty.
        Token,    ///< The secret itself in a header, "Bearer " before it or nothing.
    };
    std::string name; ///< Letters, digits, - and _.
    Proof proof = Proof::Standard;
    std::string header;     ///< Of Hmac and Token; in small letters.
    std::string secretEnv;  ///< Environment variable with the secret; else
    std::string secretFile; ///< a file of it, from the workspace on.

    bool operator==(const Intake &) const = default;
    std::string secretPath(const Workspace &workspace) const; ///< Empty: it is in the environment.
    /// InvalidArgument: what will not do, as one sentence with its remedy.
    Status check() const;
    /// Nothing of a request is believed before. @p header: the value of one that stands there once, else empty; @p now:
    /// seconds since 1970. Refused: the sender does not show that it knows the secret, or not now. Unavailable: there
    /// is no secret to compare with.
    Status verify(const Workspace &workspace, const std::function<std::string(const char *)> &header,
                  std::string_view body, std::int64_t now) const;
};
/// What is said to who does not show the secret, and to who asks for an intake that is not there: nobody learns
/// names by asking.
Error unknownSender();
std::string_view toString(Intake::Proof proof); ///< "standard", "hmac", "token"
constexpr std::size_t IntakesMax = 64;

/// Where a workspace's intakes are told: `intakes.json` in it.
std::string intakesFile(const Workspace &workspace);
/// In the order of the file; none where there is no file. InvalidConfig names line and member.
Result<std::vector<Intake>> readIntakes(const Workspace &workspace);
Status writeIntakes(const Workspace &workspace, std::span<const Intake> intakes);

} // namespace eventops
