// SPDX-License-Identifier: MIT
#include "app/console/playback_session.h"

#include "core/codec/capture_file.h"
#include "core/session/workspace.h"
#include "core/viewmodel/view_context.h"

#include <QDir>
#include <QFile>

#include <algorithm>
#include <filesystem>

namespace eventops::console {
namespace {

constexpr double DefaultSeconds = 120;
constexpr std::size_t MarksMax = 2'000; ///< More could not be told apart on the scale.

} // namespace

PlaybackSession::PlaybackSession(std::string directory, QString title)
    : m_directory(std::move(directory)),
      m_title(std::move(title)),
      m_copies(QDir::tempPath() + QStringLiteral("/eventops-past-XXXXXX")),
      m_capture(QFile::encodeName(m_copies.filePath(QStringLiteral("past.evcap"))).toStdString())
{
}

PlaybackSession::~PlaybackSession()
{
    stop();
}

void PlaybackSession::stop()
{
    m_ticket.cancel();
    m_guard.reset();
}

void PlaybackSession::prepare(ViewContext &context, std::function<void(double)> progress,
                              std::function<void(Status)> ready)
{
    ExportRequest request;
    request.form = ExportForm::Capture;
    request.path = m_capture;
    UiBridge &bridge = context.bridge();
    const auto tell = [progress = std::move(progress)](const ExportProgress &done) {
        if (done.eventsTotal > 0)
            progress(static_cast<double>(done.eventsSeen) / static_cast<double>(done.eventsTotal));
    };
    Query newest;
    newest.rowsMax = MarksMax;
    newest.oldestFirst = false;
    const auto mark = [this](const std::vector<Finding> &page) {
        for (const Finding &finding : page)
            m_marks.push_back({raw(finding.ts), static_cast<int>(finding.severity)});
    };
    m_marks.clear();
    m_ticket = context.backend().exportCapture(
        context.caller(), request, bridge.to(m_guard, tell),
        bridge.to(m_guard, [this, &context, newest, mark, ready = std::move(ready)](const Result<ExportProgress> &end) {
            const Status copied = end ? read() : Status(end.error());
            if (!copied)
                return ready(copied);
            m_ticket = context.backend().findings(
                context.caller(), newest, context.bridge().to(m_guard, mark),
                context.bridge().to(m_guard, [ready](const Result<Ok> &marked) {
                    ready(marked ? Status(Ok{}) : Status(marked.error()));
                }));
        }));
}

Status PlaybackSession::read()
{
    m_pipeline = EVENTOPS_TRY(Workspace{m_directory}.readPipeline());
    const auto file = EVENTOPS_TRY(CaptureFileReader::open(m_capture));
    WallNs first = NoTime, last = NoTime;
    for (const CaptureFrame &frame : file->frames()) {
        if (frame.tsMin == NoTime)
            continue;
        first = first == NoTime ? frame.tsMin : std::min(first, frame.tsMin);
        last = std::max(last, frame.tsMax);
    }
    if (first == NoTime)
        return Error{Error::Code::NotFound, "there is no past to play: no record has an event time", {}, {}};
    m_firstNs = raw(first);
    m_lastNs = raw(last);
    return Ok{};
}

Result<std::string> PlaybackSession::nextDirectory()
{
    const auto name = [this](unsigned play) {
        return QFile::encodeName(m_copies.filePath(QStringLiteral("play-%1").arg(play))).toStdString();
    };
    std::error_code failed;
    if (m_plays > 1)
        std::filesystem::remove_all(name(m_plays - 1), failed); // what cannot be removed now goes with the whole
    ++m_plays;
    EVENTOPS_TRY(Workspace::open(name(m_plays)));
    return name(m_plays);
}

ReplayRequest PlaybackSession::request(qint64 fromNs, double speed, bool paused)
{
    ReplayRequest request;
    request.files = {m_capture};
    request.pipelineText = m_pipeline;
    request.pipelineName = Workspace{m_directory}.pipelineFile();
    Playback::Options options;
    options.speed = speed;
    options.paused = paused;
    if (fromNs > m_firstNs)
        options.from = WallNs{fromNs};
    request.playback = std::make_shared<Playback>(std::move(options));
    return request;
}

std::unique_ptr<PlaybackController> PlaybackSession::makeController(const ReplayRequest &request) const
{
    return std::make_unique<PlaybackController>(request.playback, m_firstNs, m_lastNs, m_marks);
}

double PlaybackSession::defaultSpeed() const
{
    constexpr double Speeds[] = {1, 10, 60, 600, 3'600, 36'000};
    const double wanted = static_cast<double>(m_lastNs - m_firstNs) / 1e9 / DefaultSeconds;
    const auto *found = std::lower_bound(std::begin(Speeds), std::end(Speeds), wanted);
    return found == std::end(Speeds) ? *std::prev(found) : *found;
}

} // namespace eventops::console
