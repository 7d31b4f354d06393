// SPDX-License-Identifier: MIT
#include "core/script/script_worker.h"

#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/base/read_file.h"
#include "core/script/worker_source.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

namespace eventops {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds LoadMax{10};          ///< Python and the script's imports, on a busy machine.
constexpr std::chrono::milliseconds ProgressLook{5}; ///< How often it is looked whether events are done.
constexpr std::size_t ErrorsKept = 2'000;            ///< Of what a process writes to its error output.
constexpr std::size_t AskedBytesMax = 4u << 20;      ///< Of questions that are under way at once.
constexpr std::string_view OutputStart = "{\"output\":";
constexpr std::string_view NotApplicableLine = "{\"applicable\":false}";

std::string folderOf(const ScriptSpec &spec)
{
    return spec.folder.empty() ? std::filesystem::path(spec.path).parent_path().string() : spec.folder;
}

/// The folder that an interpreter outside the system's own needs to be seen: …/bin/python3 → ….
std::vector<std::string> readableOf(const ScriptSpec &spec, const std::string &python)
{
    std::vector<std::string> folders{folderOf(spec)};
    if (!spec.path.starts_with(folders.front() + '/'))
        folders.push_back(spec.path);
    if (!python.starts_with("/usr/") && !python.starts_with("/bin/"))
        folders.push_back(std::filesystem::path(python).parent_path().parent_path().string());
    return folders;
}

void appendQuestion(std::string &out, const ScriptInput &input)
{
    JsonWriter json(out);
    json.beginObject().key("id").integer(input.id);
    json.field("source", input.source).field("type", input.contentType).field("time", input.time);
    if (invalidUtf8At(input.body) == std::string_view::npos)
        json.field("text", input.body);
    else
        json.field("base64", base64(input.body));
    json.endObject();
    out += '\n';
}

/// The last line of what a process wrote to its error output, to be put behind a sentence.
std::string lastLine(std::string_view errors)
{
    while (errors.ends_with('\n'))
        errors.remove_suffix(1);
    const std::size_t line = errors.rfind('\n');
    return errors.empty() ? std::string() : ": " + std::string(line == errors.npos ? errors : errors.substr(line + 1));
}

/// What a line of a process says. Its texts are ASCII, by worker.py; a line of another form is its end.
bool readAnswer(std::string_view line, ScriptOutput &out)
{
    if (line.starts_with(OutputStart) && line.ends_with("}}")) {
        out = {ScriptOutput::What::Output,
               std::string(line.substr(OutputStart.size(), line.size() - OutputStart.size() - 1))};
        return true;
    }
    if (line == NotApplicableLine) {
        out = {ScriptOutput::What::NotApplicable, {}};
        return true;
    }
    const auto document = nlohmann::json::parse(line, nullptr, false);
    if (!document.is_object() || !document.contains("error") || !document["error"].is_string())
        return false;
    out = {ScriptOutput::What::Failed, document["error"].get<std::string>()};
    return true;
}

} // namespace

/// One round of questions and answers with a process: writes what it takes, reads what it gives, and sees when it stops
/// getting on.
class ScriptWorker::Exchange
{
public:
    enum class State { Answered, Ended, OutOfTime, Cancelled };

    Exchange(const SandboxedProcess &process, std::string questions, const volatile std::uint64_t *progress,
             const std::atomic<bool> &cancelled)
        : m_process(process), m_questions(std::move(questions)), m_progress(progress), m_cancelled(cancelled)
    {
    }

    /// Goes on until @p lines lines were read, nothing got on for @p patience, or the process closed its output.
    State until(std::size_t lines, std::chrono::milliseconds patience)
    {
        auto lastStep = Clock::now();
        std::uint64_t done = progress();
        while (m_lines < lines) {
            if (m_cancelled)
                return State::Cancelled;
            const bool writing = m_written < m_questions.size();
            pollfd looks[] = {{m_process.output(), POLLIN, 0},
                              {m_process.errors(), POLLIN, 0},
                              {writing ? m_process.input() : -1, POLLOUT, 0}};
            const int ready = poll(looks, 3, static_cast<int>(ProgressLook.count()));
            const std::size_t before = m_lines;
            if (ready > 0) {
                if ((looks[1].revents & (POLLIN | POLLHUP)) != 0)
                    readErrors();
                if ((looks[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !readOutput())
                    return State::Ended;
                if ((looks[2].revents & (POLLOUT | POLLERR)) != 0 && !write())
                    return State::Ended;
            }
            const std::uint64_t now = progress();
            if (now != done || m_lines != before) {
                done = now;
                lastStep = Clock::now();
            } else if (Clock::now() - lastStep > patience) {
                return State::OutOfTime;
            }
            if (m_answers.size() - m_lineStart > AnswerBytesMax)
                return State::Ended;
        }
        return State::Answered;
    }

    /// The next line that was read, without its end; call as often as there are lines.
    std::string_view takeLine()
    {
        const std::size_t end = m_answers.find('\n', m_taken);
        assert(end != std::string::npos);
        const std::string_view line = std::string_view(m_answers).substr(m_taken, end - m_taken);
        m_taken = end + 1;
        return line;
    }
    std::size_t lines() const { return m_lines; }
    void drainErrors() { readErrors(); }
    const std::string &errors() const { return m_errors; }

private:
    std::uint64_t progress() const { return m_progress == nullptr ? 0 : *m_progress; }

    bool readOutput()
    {
        char buffer[64 << 10];
        for (;;) {
            const ssize_t got = ::read(m_process.output(), buffer, sizeof buffer);
            if (got == 0)
                return false;
            if (got < 0)
                return errno == EAGAIN || errno == EINTR;
            const std::size_t at = m_answers.size();
            m_answers.append(buffer, static_cast<std::size_t>(got));
            for (std::size_t end = m_answers.find('\n', at); end != std::string::npos;
                 end = m_answers.find('\n', end + 1)) {
                ++m_lines;
                m_lineStart = end + 1;
            }
            if (static_cast<std::size_t>(got) < sizeof buffer)
                return true;
        }
    }
    void readErrors()
    {
        char buffer[4 << 10];
        ssize_t got = 0;
        while ((got = ::read(m_process.errors(), buffer, sizeof buffer)) > 0) {
            m_errors.append(buffer, static_cast<std::size_t>(got));
            if (m_errors.size() > ErrorsKept)
                m_errors.erase(0, m_errors.size() - ErrorsKept);
        }
    }
    bool write()
    {
        const ssize_t sent = ::write(m_process.input(), m_questions.data() + m_written, m_questions.size() - m_written);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        m_written += static_cast<std::size_t>(sent);
        return true;
    }

    const SandboxedProcess &m_process;
    const std::string m_questions;
    const volatile std::uint64_t *m_progress;
    const std::atomic<bool> &m_cancelled;
    std::size_t m_written = 0;
    std::string m_answers, m_errors;
    std::size_t m_lines = 0, m_lineStart = 0, m_taken = 0;
};

std::string pythonPath()
{
    if (const char *named = std::getenv("EVENTOPS_PYTHON"); named != nullptr && *named != '\0')
        return named;
    // The system's, not the first on the PATH: that may be a script which starts another process.
    for (const char *path : {"/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3"}) {
        if (access(path, X_OK) == 0)
            return path;
    }
    return {};
}

ScriptWorker::ScriptWorker(ScriptSpec spec) : m_spec(std::move(spec)) {}

ScriptWorker::~ScriptWorker()
{
    end();
    if (m_progress != nullptr)
        munmap(const_cast<std::uint64_t *>(m_progress), static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
    if (m_sharedFile >= 0)
        ::close(m_sharedFile);
}

void ScriptWorker::end(std::string *how)
{
    if (m_process == nullptr)
        return;
    const std::string ended = m_process->end(how != nullptr);
    if (how != nullptr)
        *how = ended;
    m_process.reset();
}

/// Unavailable: the process ended before it said anything. InvalidInput: the script cannot be loaded. NotFound: there
/// is no Python, or no script.
Status ScriptWorker::start()
{
    if (m_progress == nullptr) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        m_sharedFile = memfd_create("script progress", MFD_CLOEXEC);
        void *memory = m_sharedFile >= 0 && ftruncate(m_sharedFile, static_cast<off_t>(page)) == 0
                           ? mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, m_sharedFile, 0)
                           : MAP_FAILED;
        if (memory == MAP_FAILED)
            return Error{Error::Code::Io, "no memory to share with a script", {}, {}};
        m_progress = static_cast<volatile std::uint64_t *>(memory);
    }
    m_isolation = m_spec.namespaces && canMakeNamespaces() ? Isolation::Namespaces : Isolation::Filter;
    SandboxPlan plan;
    const std::string python = m_spec.python.empty() ? pythonPath() : m_spec.python;
    if (python.empty() || access(python.c_str(), X_OK) != 0)
        return Error{Error::Code::NotFound,
                     "no Python to run scripts in" + (python.empty() ? "" : ": " + python),
                     {},
                     "install python3, or name an interpreter in EVENTOPS_PYTHON"};
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(m_spec.path, ignored))
        return Error{Error::Code::NotFound, "there is no script " + m_spec.path, {}, "check its path"};
    plan.arguments = {python, "-s", "-B", "-c", WorkerSource, m_spec.path, m_spec.className, folderOf(m_spec)};
    plan.readable = readableOf(m_spec, python);
    plan.memoryBytes = m_spec.memoryBytes;
    plan.shared = m_sharedFile;
    plan.isolation = m_isolation;
    m_process = EVENTOPS_TRY(SandboxedProcess::start(plan));
    *m_progress = 0;
    Exchange hello(*m_process, {}, nullptr, m_cancelled);
    if (hello.until(1, LoadMax) != Exchange::State::Answered) {
        hello.drainErrors();
        std::string how;
        end(&how);
        return Error{Error::Code::Unavailable, "the script's process " + how + lastLine(hello.errors()), {}, {}};
    }
    const std::string_view line = hello.takeLine();
    if (line.starts_with("{\"ready\""))
        return Ok{};
    ScriptOutput failure;
    if (!readAnswer(line, failure))
        failure.text = line;
    end();
    return Error{Error::Code::InvalidInput, m_spec.path + " cannot be loaded: " + failure.text, {}, "mend the script"};
}

/// Asks for those of @p inputs that have no output yet, as many as go into one round. At least one of them has its
/// output afterwards.
void ScriptWorker::ask(std::span<const ScriptInput> inputs, std::span<std::optional<ScriptOutput>> outputs)
{
    std::string questions;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < inputs.size() && asked.size() < BatchMax && questions.size() < AskedBytesMax; ++i) {
        if (outputs[i])
            continue;
        appendQuestion(questions, inputs[i]);
        asked.push_back(i);
    }
    questions += '\n';
    *m_progress = 0;
    Exchange round(*m_process, std::move(questions), m_progress, m_cancelled);
    const Exchange::State state = round.until(asked.size(), m_spec.perEvent);
    std::size_t answered = 0;
    bool understood = round.lines() <= asked.size();
    for (ScriptOutput output; understood && answered < round.lines();) {
        understood = readAnswer(round.takeLine(), output);
        if (understood)
            outputs[asked[answered++]] = std::move(output);
    }
    if ((state == Exchange::State::Answered && understood) || state == Exchange::State::Cancelled)
        return;
    // Answers that the process had and did not send are asked for again; the event that it did not get over is not.
    const std::size_t done = *m_progress;
    const std::size_t culprit = std::min(done < asked.size() ? std::max(done, answered) : answered, asked.size() - 1);
    const bool late = state == Exchange::State::OutOfTime;
    std::string how;
    round.drainErrors();
    end(late ? nullptr : &how); // the round's process
    ++m_counters.restarts;
    if (late)
        outputs[asked[culprit]] = {ScriptOutput::What::TimedOut,
                                   "the script did not end within " + std::to_string(m_spec.perEvent.count()) + " ms"};
    else
        outputs[asked[culprit]] = {ScriptOutput::What::Failed,
                                   understood ? "the script's process " + how + lastLine(round.errors())
                                              : std::string("the script wrote into the worker's answers")};
}

std::vector<ScriptOutput> ScriptWorker::transform(std::span<const ScriptInput> inputs)
{
    std::vector<std::optional<ScriptOutput>> outputs(inputs.size());
    const auto missing = [&] {
        return std::find(outputs.begin(), outputs.end(), std::nullopt) != outputs.end();
    };
    while (missing()) {
        if (m_cancelled) {
            end();
            for (auto &output : outputs)
                output = {ScriptOutput::What::Unavailable, "cancelled"};
            break;
        }
        if (m_process == nullptr || m_process->hasEnded()) {
            end();
            if (const Status started = start(); !started) {
                for (auto &output : outputs) {
                    if (!output)
                        output = {ScriptOutput::What::Unavailable, started.error().text()};
                }
                break;
            }
        }
        ask(inputs, outputs);
    }
    std::vector<ScriptOutput> out;
    out.reserve(outputs.size());
    for (auto &output : outputs) {
        ++m_counters.events;
        m_counters.notApplicable += output->what == ScriptOutput::What::NotApplicable ? 1 : 0;
        m_counters.failed += output->what > ScriptOutput::What::NotApplicable ? 1 : 0;
        m_counters.timedOut += output->what == ScriptOutput::What::TimedOut ? 1 : 0;
        out.push_back(std::move(*output));
    }
    return out;
}

} // namespace eventops
