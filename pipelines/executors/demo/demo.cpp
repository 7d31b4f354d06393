// SPDX-License-Identifier: MIT
#include "core/actions/executor.h"
#include "core/base/json.h"
#include "core/pipeline/settings.h"
#include "pipelines/executors/command_set.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr FieldSpec Fields[] = {
    {"commands", "list", "[]", "Commands it carries out; none named: every one."},
    {"fail", "list", "[]", "Commands that fail for good, to see what that looks like."},
    {"fail_once", "list", "[]", "Commands whose first attempt fails and whose second succeeds."},
    {"steps", "int", "4", "How many times it reports progress."},
    {"world", "string", "\"\"", "File to which it appends what it did, for the source `scenario`; empty: none."},
};
constexpr std::int64_t StepsMax = 100;

/// Appends what was done to the file of a made-up world, see pipelines/sources/scenario/world_file.h.
bool appendToWorld(const std::string &path, const ActionRequest &request)
{
    std::string line;
    JsonWriter(line).beginObject().field("command", request.command).key("args").raw(request.args)
        .field("entity_type", request.entityType).field("entity_id", request.entityId).endObject();
    line += '\n';
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    const ssize_t wrote = ::write(fd, line.data(), line.size()); // one write: lines of others never mix with it
    ::close(fd);
    return wrote == static_cast<ssize_t>(line.size());
}

/// Touches nothing but the world that it is given, and takes no time. The same request always gives the same outcome.
class Demo final : public Executor
{
public:
    CommandSet commands, fail, failOnce;
    std::int64_t steps = 0;
    std::string world;

    bool accepts(std::string_view command) const override { return commands.empty() || commands.holds(command); }

    ActionOutcome execute(const ActionRequest &request, const Progress &progress) override
    {
        ActionOutcome outcome;
        const bool fails = fail.holds(request.command) || (failOnce.holds(request.command) && request.attempt == 1);
        for (std::int64_t step = 1; step <= steps; ++step) {
            if (fails && step == steps)
                break; // gives up before the end, as real work does
            if (progress)
                progress(static_cast<int>(step * 100 / steps), "simulated");
        }
        outcome.durationMs = steps * 100;
        if (fails) {
            outcome.retryable = !fail.holds(request.command);
            outcome.error = "the demo executor was told to fail " + request.command;
            return outcome;
        }
        if (!world.empty() && !appendToWorld(world, request)) {
            outcome.retryable = true;
            outcome.error = "cannot write to the world " + world;
            return outcome;
        }
        outcome.kind = ActionOutcome::Kind::Succeeded;
        outcome.output = "simulated " + request.command + " on " + request.entityType + ' ' + request.entityId
                         + " with " + request.args;
        outcome.output.resize(std::min(outcome.output.size(), ExecutorOutputBytesMax));
        return outcome;
    }
};

Result<std::unique_ptr<Executor>> make(const Value &settings)
{
    const Value checked = EVENTOPS_TRY(checkSettings(settings, Fields, "executor \"demo\""));
    auto demo = std::make_unique<Demo>();
    demo->commands = EVENTOPS_TRY(CommandSet::read(checked.at("commands")));
    demo->fail = EVENTOPS_TRY(CommandSet::read(checked.at("fail")));
    demo->failOnce = EVENTOPS_TRY(CommandSet::read(checked.at("fail_once")));
    demo->steps = EVENTOPS_TRY(checked.at("steps").integer());
    demo->world = EVENTOPS_TRY(checked.at("world").text());
    if (demo->steps < 1 || demo->steps > StepsMax)
        return checked.at("steps").error("steps must lie between 1 and " + std::to_string(StepsMax));
    return std::unique_ptr<Executor>(std::move(demo));
}

} // namespace

extern const ExecutorSpec DemoExecutor;
const ExecutorSpec DemoExecutor = {
    .name = "demo",
    .summary = "Carries out nothing and says so; for tours and tests.",
    .make = make,
};

} // namespace eventops
