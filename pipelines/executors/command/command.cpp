// SPDX-License-Identifier: MIT
#include "core/actions/executor.h"
#include "core/actions/template.h"
#include "core/filter/values.h"
#include "core/pipeline/settings.h"
#include "pipelines/executors/command/process.h"

#include <sysexits.h>

#include <algorithm>
#include <map>

namespace eventops {
namespace {

constexpr FieldSpec Fields[] = {
    {"commands", "map", "required",
     "What may be run: `restart_service: {program: /usr/bin/systemctl, args: [restart, \"{args.service}\"]}`."},
};
constexpr FieldSpec CommandFields[] = {
    {"program", "string", "required", "Absolute path of the program."},
    {"args", "list", "[]",
     "Its arguments; a field in braces stays within its argument: {args.X}, {entity.id}, "
     "{entity.type}, {tenant}, {action_id}, {idempotency_key}, {correlation_id}, {command}."},
    {"timeout", "duration", "60s", "Time limit; the request's own limit counts too."},
    {"allow_dash", "bool", "false",
     "Let a field's value start an argument with '-', where the program would read an option."},
};
constexpr std::size_t CommandsMax = 1'024;
constexpr std::size_t ArgumentsMax = 64;
constexpr std::size_t ArgumentBytesMax = 4'096;
constexpr std::int64_t TimeoutMsMax = 24LL * 3'600 * 1'000;

bool requestHasField(std::string_view name)
{
    return name == "entity.id" || name == "entity.type" || name == "tenant" || name == "action_id" || name == "command"
           || name == "idempotency_key" || name == "correlation_id" || (name.starts_with("args.") && name.size() > 5);
}

class RequestRow final : public FilterRow
{
public:
    explicit RequestRow(const ActionRequest &request) : m_request(request) {}

    FilterValue field(std::string_view name) const override
    {
        if (name == "entity.id")
            return FilterValue::ofText(m_request.entityId);
        if (name == "entity.type")
            return FilterValue::ofText(m_request.entityType);
        if (name == "tenant")
            return FilterValue::ofText(m_request.tenant);
        if (name == "action_id")
            return FilterValue::ofText(m_request.actionId);
        if (name == "command")
            return FilterValue::ofText(m_request.command);
        if (name == "idempotency_key")
            return FilterValue::ofText(m_request.idempotencyKey);
        if (name == "correlation_id")
            return FilterValue::ofText(m_request.correlationId);
        if (name.starts_with("args."))
            return jsonValue(m_request.args, name.substr(5), m_scratch);
        return FilterValue::absent();
    }

private:
    const ActionRequest &m_request;
    mutable std::string m_scratch;
};

struct Allowed {
    struct Argument {
        TextTemplate text;
        bool dash = false; ///< May begin with '-'.
    };
    std::string program;
    std::vector<Argument> arguments;
    std::int64_t timeoutMs = 0;
};

ActionOutcome failed(std::string error, bool retryable)
{
    ActionOutcome outcome;
    outcome.error = std::move(error);
    outcome.retryable = retryable;
    return outcome;
}

ActionOutcome outcomeOf(ProcessResult result)
{
    ActionOutcome outcome;
    outcome.output = std::move(result.output);
    outcome.durationMs = result.durationMs;
    if (result.timedOut) {
        // Not tried again: nobody knows how far it got.
        outcome.error = "stopped at its time limit after " + std::to_string(result.durationMs) + " ms";
    } else if (result.exitCode == 0) {
        outcome.kind = ActionOutcome::Kind::Succeeded;
    } else if (result.exitCode > 0) {
        outcome.error = "ended with exit status " + std::to_string(result.exitCode);
        outcome.retryable = result.exitCode == EX_TEMPFAIL;
    } else {
        outcome.error = "ended by signal " + std::to_string(result.signal);
    }
    return outcome;
}

class Command final : public Executor
{
public:
    std::map<std::string, Allowed, std::less<>> allowed;

    bool accepts(std::string_view command) const override { return allowed.find(command) != allowed.end(); }

    ActionOutcome execute(const ActionRequest &request, const Progress &progress) override
    {
        const auto it = allowed.find(request.command);
        if (it == allowed.end())
            return failed("command " + request.command + " is not on the list", false);
        ProcessSpec process;
        process.program = it->second.program;
        if (const Status filled = fill(it->second, request, process.arguments); !filled)
            return failed(filled.error().message, false);
        if (request.actionId.find('\0') != std::string::npos || request.idempotencyKey.find('\0') != std::string::npos)
            return failed("the request's ids hold a NUL byte", false);
        process.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                               "EVENTOPS_ACTION_ID=" + request.actionId,
                               "EVENTOPS_IDEMPOTENCY_KEY=" + request.idempotencyKey};
        process.timeoutMs = it->second.timeoutMs;
        if (request.ttlSeconds > 0.0 && request.ttlSeconds * 1'000.0 < static_cast<double>(process.timeoutMs))
            process.timeoutMs = std::max<std::int64_t>(1, static_cast<std::int64_t>(request.ttlSeconds * 1'000.0));
        process.outputBytesMax = ExecutorOutputBytesMax;
        if (progress)
            progress(0, "started");
        auto result = runProcess(process);
        return result ? outcomeOf(std::move(result).value()) : failed(result.error().message, false);
    }

private:
    /// One argument of the list becomes one argument of the program, whatever it holds.
    static Status fill(const Allowed &command, const ActionRequest &request, std::vector<std::string> &out)
    {
        const RequestRow row(request);
        for (const Allowed::Argument &argument : command.arguments) {
            auto text = argument.text.render(row);
            const std::string place = "argument " + std::to_string(out.size() + 1);
            if (!text)
                return Error{Error::Code::InvalidArgument, place + " needs a field that the request does not have"};
            if (text->size() > ArgumentBytesMax)
                return Error{Error::Code::LimitExceeded,
                             place + " is longer than " + std::to_string(ArgumentBytesMax) + " bytes"};
            if (text->find('\0') != std::string::npos)
                return Error{Error::Code::InvalidArgument, place + " holds a NUL byte"};
            if (text->starts_with('-') && !argument.dash)
                return Error{Error::Code::Refused, place + " would be read as an option"};
            out.push_back(std::move(*text));
        }
        return Ok{};
    }
};

Result<Allowed> readCommand(const Value &value, const std::string &name)
{
    const Value checked = EVENTOPS_TRY(checkSettings(value, CommandFields, "command \"" + name + '"'));
    Allowed out;
    out.program = EVENTOPS_TRY(checked.at("program").text());
    if (!out.program.starts_with('/') || out.program.find('\0') != std::string::npos)
        return checked.at("program").error("expected an absolute path, found \"" + out.program + '"',
                                           "no shell looks it up");
    const bool allowDash = EVENTOPS_TRY(checked.at("allow_dash").boolean());
    for (const Value &item : checked.at("args").items()) {
        if (out.arguments.size() == ArgumentsMax)
            return item.error("more than " + std::to_string(ArgumentsMax) + " arguments");
        const std::string text = EVENTOPS_TRY(item.text());
        auto parsed = TextTemplate::parse(text, requestHasField);
        if (!parsed)
            return item.error(parsed.error().message, "fields: args.X, entity.id, entity.type, tenant, action_id, "
                                                      "idempotency_key, correlation_id, command");
        out.arguments.push_back({std::move(parsed).value(), allowDash || text.starts_with('-')});
    }
    out.timeoutMs = EVENTOPS_TRY(checked.at("timeout").durationNs()) / NsPerMs;
    if (out.timeoutMs < 1 || out.timeoutMs > TimeoutMsMax)
        return checked.at("timeout").error("timeout must lie between 1ms and 24h");
    return out;
}

Result<std::unique_ptr<Executor>> make(const Value &settings)
{
    const Value checked = EVENTOPS_TRY(checkSettings(settings, Fields, "executor \"command\""));
    auto command = std::make_unique<Command>();
    for (const auto &[name, value] : checked.at("commands").members()) {
        if (command->allowed.size() == CommandsMax)
            return value.error("more than " + std::to_string(CommandsMax) + " commands");
        command->allowed.emplace(name, EVENTOPS_TRY(readCommand(value, name)));
    }
    return std::unique_ptr<Executor>(std::move(command));
}

} // namespace

extern const ExecutorSpec CommandExecutor;
const ExecutorSpec CommandExecutor = {
    .name = "command",
    .summary = "Runs one program of an allow-list, without a shell.",
    .make = make,
};

} // namespace eventops
