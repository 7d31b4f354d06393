// SPDX-License-Identifier: MIT
#include "core/session/intake_settings.h"

#include "core/base/encode.h"
#include "core/base/hmac.h"
#include "core/base/json.h"
#include "core/base/private_file.h"
#include "core/base/text.h"
#include "core/codec/webhook.h"
#include "core/lake/files.h"
#include "core/pipeline/settings.h"
#include "core/yaml/yaml.h"

#include <algorithm>
#include <cstdlib>

namespace eventops {
namespace {

constexpr std::size_t NameBytesMax = 40;
constexpr std::size_t SecretBytesMax = 4'096;
constexpr std::size_t SecretBytesMin = 12; ///< Of tokens and keys: what a person would guess is no secret.
constexpr std::string_view Blanks = " \t\r\n";
constexpr std::string_view ProofNames[] = {"standard", "hmac", "token"};

constexpr FieldSpec IntakeFields[] = {
    {"name", "string", "required", "Letters, digits, - and _."},
    {"proof", "enum:standard|hmac|token", "standard", "How a request shows that its sender knows the secret."},
    {"header", "string", "\"\"", "Of hmac and token: where the proof stands."},
    {"secret_env", "string", "\"\"", "Environment variable with the secret."},
    {"secret_file", "string", "\"\"", "File of the secret, from the workspace on; only its owner may read it."},
};

Error unfit(std::string message, std::string remedy)
{
    return Error{Error::Code::InvalidArgument, std::move(message), {}, std::move(remedy)};
}

std::string trimmedOf(std::string_view text)
{
    const std::size_t from = text.find_first_not_of(Blanks);
    return from == text.npos ? std::string() : std::string(text.substr(from, text.find_last_not_of(Blanks) - from + 1));
}

/// Never tells the secret, nor how long it is.
Result<std::string> secretOf(const Intake &intake, const Workspace &workspace)
{
    std::string text;
    if (intake.secretEnv.empty()) {
        text = EVENTOPS_TRY(readPrivateFile(intake.secretPath(workspace), SecretBytesMax, "the intake's secret"));
    } else if (const char *set = std::getenv(intake.secretEnv.c_str())) {
        text = set;
    }
    text = trimmedOf(text);
    if (text.size() < SecretBytesMin)
        return Error{Error::Code::InvalidConfig,
                     "intake " + intake.name + ": the secret is too short, or not there",
                     {},
                     "give it at least " + std::to_string(SecretBytesMin) + " characters"};
    return text;
}

/// "sha256=4f…", "v1=4f…,v1=a0…": true when one of them is @p hex.
bool namesDigest(std::string_view given, std::string_view hex)
{
    bool found = false;
    while (!given.empty()) {
        const std::size_t comma = given.find(',');
        std::string_view one = given.substr(0, comma);
        given.remove_prefix(comma == given.npos ? given.size() : comma + 1);
        one.remove_prefix(one.rfind('=') == one.npos ? 0 : one.rfind('=') + 1);
        found |= equalsInConstantTime(trimmedOf(one), hex);
    }
    return found;
}

Result<Intake> readIntake(const Value &given)
{
    const Value checked = EVENTOPS_TRY(checkSettings(given, IntakeFields, "intakes.json"));
    Intake intake;
    intake.name = EVENTOPS_TRY(checked.at("name").text());
    const std::string proof = EVENTOPS_TRY(checked.at("proof").text());
    intake.proof = static_cast<Intake::Proof>(std::find(std::begin(ProofNames), std::end(ProofNames), proof)
                                              - std::begin(ProofNames));
    intake.header = EVENTOPS_TRY(checked.at("header").text());
    intake.secretEnv = EVENTOPS_TRY(checked.at("secret_env").text());
    intake.secretFile = EVENTOPS_TRY(checked.at("secret_file").text());
    if (const Status fits = intake.check(); !fits)
        return given.error(fits.error().message, fits.error().remedy);
    return intake;
}

} // namespace

Error unknownSender()
{
    return {Error::Code::Refused,
            "the request does not show that its sender knows the secret of an intake",
            {},
            "on the server, eventops intake list tells what there is and how it is shown"};
}

std::string_view toString(Intake::Proof proof)
{
    return ProofNames[static_cast<std::size_t>(proof)];
}

std::string Intake::secretPath(const Workspace &workspace) const
{
    if (!secretEnv.empty())
        return {};
    return secretFile.starts_with('/') ? secretFile : workspace.directory + '/' + secretFile;
}

Status Intake::check() const
{
    if (!isPlainName(name, NameBytesMax))
        return unfit("\"" + name.substr(0, NameBytesMax) + "\" is no name for an intake",
                     "use 1 to 40 letters, digits, - and _");
    if (secretEnv.empty() == secretFile.empty())
        return unfit("secret_env or secret_file is needed, one of them", "name the variable or the file");
    if (proof == Proof::Standard)
        return header.empty() ? Status(Ok{})
                              : unfit("header does nothing with standard: its headers are those of the specification",
                                      "leave header out");
    const bool isHeader = !header.empty() && std::all_of(header.begin(), header.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    return isHeader
               ? Status(Ok{})
               : unfit("\"" + header + "\" is no name of a header", "write it in small letters: x-hub-signature-256");
}

Status Intake::verify(const Workspace &workspace, const std::function<std::string(const char *)> &headerOf,
                      std::string_view body, std::int64_t now) const
{
    const auto known = secretOf(*this, workspace);
    if (!known) // who asks is not known yet: not where it lies, nor what is wrong with it
        return Error{Error::Code::Unavailable,
                     "the secret of this intake cannot be used",
                     {},
                     "see on the server: its file is for its owner alone, with at least "
                         + std::to_string(SecretBytesMin) + " characters in it"};
    const std::string &secret = known.value();
    if (proof == Proof::Standard) {
        const WebhookKeys keys = EVENTOPS_TRY(WebhookKeys::parse(secret));
        const bool signedByIt = static_cast<bool>(
            keys.verify({headerOf(WebhookIdHeader), headerOf(WebhookTimestampHeader), headerOf(WebhookSignatureHeader)},
                        body, now));
        return signedByIt ? Status(Ok{}) : unknownSender();
    }
    const std::string given = headerOf(header.c_str());
    if (proof == Proof::Hmac)
        return namesDigest(given, hexOfBytes(hmacSha256(secret, body))) ? Status(Ok{}) : unknownSender();
    constexpr std::string_view Bearer = "Bearer ";
    const std::string_view shown = given;
    const std::string_view token = shown.starts_with(Bearer) ? shown.substr(Bearer.size()) : shown;
    // Compared by digests, so that not even the length is told.
    return equalsInConstantTime(hmacSha256(secret, token), hmacSha256(secret, secret)) ? Status(Ok{}) : unknownSender();
}

std::string intakesFile(const Workspace &workspace)
{
    return workspace.directory + "/intakes.json";
}

Result<std::vector<Intake>> readIntakes(const Workspace &workspace)
{
    constexpr FieldSpec Fields[] = {{"intakes", "list", "[]", "The services that post here."}};
    const Result<Value> given = loadYaml(intakesFile(workspace)); // JSON is YAML, and errors name line and member
    if (!given && given.error().code == Error::Code::NotFound)
        return std::vector<Intake>();
    if (!given)
        return given.error();
    const Value checked = EVENTOPS_TRY(checkSettings(given.value(), Fields, "intakes.json"));
    std::vector<Intake> intakes;
    for (const Value &item : checked.at("intakes").items()) {
        Intake intake = EVENTOPS_TRY(readIntake(item));
        if (std::any_of(intakes.begin(), intakes.end(), [&](const auto &one) { return one.name == intake.name; }))
            return item.error("two intakes are called " + intake.name, "give each a name of its own");
        if (intakes.size() == IntakesMax)
            return item.error("there are more than " + std::to_string(IntakesMax) + " intakes",
                              "let services share one");
        intakes.push_back(std::move(intake));
    }
    return intakes;
}

Status writeIntakes(const Workspace &workspace, std::span<const Intake> intakes)
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().key("intakes").beginArray();
    for (const Intake &intake : intakes) {
        json.beginObject().field("name", intake.name).field("proof", toString(intake.proof));
        json.field("header", intake.header).field("secret_env", intake.secretEnv);
        json.field("secret_file", intake.secretFile).endObject();
    }
    json.endArray().endObject();
    return lake::replaceFile(intakesFile(workspace), text + "\n");
}

} // namespace eventops
