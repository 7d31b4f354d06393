// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <string>
#include <string_view>
#include <vector>

namespace eventops::api {

/// Who may ask, by what. The token itself is not kept.
struct ApiToken {
    std::string hash; ///< SHA-256 of the token, 64 hexadecimal digits.
    Caller caller;    ///< Its name, role and tenants.
};

constexpr std::size_t TokensMax = 1'024;
constexpr std::size_t TokenBytesMin = 32; ///< Of one token; a shorter one could be guessed.
constexpr std::size_t TokenBytesMax = 256;

/// Name of the file in a workspace that holds the tokens.
constexpr char TokenFileName[] = "api_tokens";

/// The tokens of `<directory>/api_tokens`. When there is no such file it is made, for its owner alone, with one token
/// of 256 random bits for an admin of all tenants. Refused when others may read it, or it is somebody else's or no
/// ordinary file; InvalidConfig with the line. Thread: any.
///
/// A line is `TOKEN NAME ROLE TENANTS`: 32 to 256 letters, digits and -._~+/= ; the name that decisions are recorded
/// under; viewer, operator, approver or admin; a list of tenants with commas, or * for all. # begins a comment.
Result<std::vector<ApiToken>> loadTokens(const std::string &directory);

/// The tokens of such a text. @p file: for errors.
Result<std::vector<ApiToken>> parseTokens(std::string_view text, const std::string &file);

/// 256 random bits as 64 hexadecimal digits. Unavailable.
Result<std::string> newToken();

/// The caller whose token @p token is; null: nobody's. Takes as long whichever token it is or is not: O(tokens).
const Caller *findCaller(const std::vector<ApiToken> &tokens, std::string_view token);

} // namespace eventops::api
