// SPDX-License-Identifier: MIT
#include "core/viewmodel/source_assistant.h"

#include "core/viewmodel/edited_text.h"
#include "core/viewmodel/shown_text.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStringList>

namespace eventops {
namespace {

constexpr int UnusedShown = 40;

std::string_view viewOf(const QByteArray &bytes)
{
    return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
}

QString textOf(const std::string &utf8)
{
    return QString::fromStdString(utf8);
}

Error fileError(Error::Code code, const QString &why, const QString &path)
{
    return Error{code, why.toStdString(), {QFile::encodeName(path).toStdString(), 0, 0}};
}

} // namespace

/// What came of one look at the document.
struct SourceAssistant::Look {
    std::vector<DocumentFormatGuess> formats; ///< Empty: not asked.
    std::string codec, pipeline;
    std::string name; ///< Of the pipeline, as places in the preview say it.
    bool drafted = false, written = false;
    Result<SourcePreview> preview = SourcePreview();
};

SourceAssistant::SourceAssistant(ViewContext &context, QObject *parent)
    : QObject(parent),
      m_context(context),
      m_tools(context.sourceTools()),
      m_document(std::make_shared<const QByteArray>())
{
    m_pause.setSingleShot(true);
    m_pause.setInterval(EditPauseMs);
    connect(&m_pause, &QTimer::timeout, this, [this] { look(!m_recognised, std::nullopt); });
}

SourceAssistant::~SourceAssistant()
{
    if (m_cancelled != nullptr)
        m_cancelled->store(true);
}

void SourceAssistant::setState(State state)
{
    m_state = state;
    Q_EMIT stateChanged();
}

std::shared_ptr<std::atomic<bool>> SourceAssistant::begin()
{
    if (m_cancelled != nullptr)
        m_cancelled->store(true);
    m_cancelled = std::make_shared<std::atomic<bool>>(false);
    m_looks.reset();
    m_pause.stop();
    return m_cancelled;
}

void SourceAssistant::setDocument(const QByteArray &bytes, const QString &title)
{
    m_document = std::make_shared<const QByteArray>(bytes);
    m_title = title;
    m_path.clear();
    m_recognised = false;
    if (bytes.trimmed().isEmpty()) {
        begin();
        m_formats.clear();
        m_codec.clear();
        m_pipeline.clear();
        m_savedAs.clear();
        m_edited = m_written = false; // the next one begins anew
        m_events.show({});
        m_fields.show(nullptr, nullptr, {});
        m_status.clear();
        m_problem.clear();
        setState(State::Empty);
        Q_EMIT draftChanged();
        Q_EMIT previewed();
        return;
    }
    look(true, std::nullopt);
}

void SourceAssistant::openFile(const QString &path)
{
    using Bytes = Result<std::shared_ptr<const QByteArray>>;
    const auto done = m_context.bridge().to(m_guard, [this, path](const Bytes &bytes) {
        if (!bytes)
            return m_context.tell(shownText(bytes.error().text()), true);
        setDocument(*bytes.value(), QFileInfo(path).fileName());
        m_path = path;
        Q_EMIT documentChanged();
    });
    m_worker.run([path, done] {
        QFile file(path);
        if (QFileInfo::exists(path) && !QFileInfo(path).isFile()) // a pipe could block for ever
            return done(Bytes(fileError(Error::Code::InvalidInput, tr("is not a regular file"), path)));
        if (!file.open(QIODevice::ReadOnly))
            return done(Bytes(fileError(Error::Code::NotFound, tr("cannot read the file"), path)));
        constexpr auto BytesMax = static_cast<qint64>(DocumentBytesMax) + 1; // one more tells that it is not all
        done(Bytes(std::make_shared<const QByteArray>(file.read(BytesMax))));
    });
}

void SourceAssistant::chooseFormat(const QString &codec, bool written)
{
    m_edited = false;
    look(!m_recognised, std::pair(codec, written));
}

void SourceAssistant::setPipelineText(const QString &text)
{
    if (text == m_pipeline)
        return;
    m_pipeline = text;
    m_edited = true;
    if (m_document->isEmpty())
        return;
    if (m_cancelled != nullptr)
        m_cancelled->store(true);
    m_looks.reset();
    m_pause.start();
    setState(State::Working);
}

std::string SourceAssistant::draftName() const
{
    return name().toStdString() + ".yaml";
}

std::string SourceAssistant::pipelineName() const
{
    return m_savedAs.isEmpty() ? draftName() : QFile::encodeName(m_savedAs).toStdString();
}

QString SourceAssistant::name() const
{
    return textOf(plainName(m_title.toStdString()));
}

/// @p recognises: tells the formats, and drafts the pipeline if nobody edited it. @p draft: for that format.
void SourceAssistant::look(bool recognises, std::optional<std::pair<QString, bool>> draft)
{
    if (m_tools == nullptr)
        return;
    const auto cancelled = begin();
    const bool drafts = draft.has_value() || (recognises && !m_edited);
    const auto done = m_context.bridge().to(m_looks, [this](const Look &look) { take(look); });
    setState(State::Working);
    m_worker.run([tools = m_tools, document = m_document, title = m_title.toStdString(),
                  name = drafts ? draftName() : pipelineName(), pipeline = m_pipeline.toStdString(), cancelled,
                  recognises, drafts, draft, done] {
        if (cancelled->load())
            return; // somebody asked for something else meanwhile
        Look look;
        const std::string_view bytes = viewOf(*document);
        if (recognises)
            look.formats = recognise(bytes);
        look.pipeline = pipeline;
        look.name = name;
        if (drafts) {
            look.drafted = true;
            look.codec = draft ? draft->first.toStdString() : look.formats.front().codec;
            const bool isGeneric = look.codec == "json" || look.codec == "text" || look.codec == "unknown";
            look.written = draft ? draft->second : isGeneric;
            look.pipeline = draftFor(bytes, title, look.codec, look.written);
        }
        look.preview = previewSource(bytes, look.pipeline, name, tools->registry, tools->dataDirectory, *cancelled);
        done(std::move(look));
    });
}

void SourceAssistant::take(const Look &look)
{
    if (!look.formats.empty()) {
        m_formats = look.formats;
        m_recognised = true;
    }
    if (look.drafted) {
        m_codec = textOf(look.codec);
        m_written = look.written;
        m_pipeline = textOf(look.pipeline);
        m_savedAs.clear(); // what was saved is another one
    }
    if (!look.formats.empty() || look.drafted)
        Q_EMIT draftChanged();
    show(look);
}

void SourceAssistant::show(const Look &look)
{
    if (!look.preview) {
        const Error &error = look.preview.error();
        m_problemLine = static_cast<int>(error.where.line);
        m_problem = shownText(error.message);
        if (!error.remedy.empty())
            m_problem += QStringLiteral(" (%1)").arg(shownText(error.remedy));
        if (m_problemLine > 0)
            m_problem = tr("Line %1: %2").arg(m_problemLine).arg(m_problem);
        return setState(State::Failed);
    }
    m_problem.clear();
    m_problemLine = 0;
    m_shownName = look.name;
    const SourcePreview &shown = look.preview.value();
    const QString records = shown.records == 1 ? tr("1 record") : tr("%1 records").arg(shownCount(shown.records));
    const QString events = shown.events == 1 ? tr("1 event") : tr("%1 events").arg(shownCount(shown.events));
    m_status = tr("%1, %2").arg(records, events);
    if (shown.deadLetters > 0)
        m_status +=
            shown.deadLetters == 1 ? tr(", 1 dead letter") : tr(", %1 dead letters").arg(shownCount(shown.deadLetters));
    if (shown.events > shown.shown.size())
        m_status += tr("; the first %1 are shown").arg(shown.shown.size());
    if (shown.isPart)
        m_status += tr("; only the first %1 of the document were looked at").arg(shownBytes(DocumentBytesMax));
    m_events.show(shown);
    selectRow(m_events.rowCount() > 0 ? 0 : -1);
    setState(State::Shown);
    Q_EMIT previewed();
}

void SourceAssistant::selectRow(int row)
{
    m_fields.show(m_events.eventAt(row), m_events.failureAt(row), m_shownName);
}

QString SourceAssistant::documentText() const
{
    return QString::fromUtf8(m_document->left(TextBytesMax));
}

bool SourceAssistant::isDocumentWhole() const
{
    const QString text = documentText();
    return m_document->size() <= TextBytesMax && isEditable(text) && text.toUtf8() == *m_document;
}

bool SourceAssistant::mayWriteMapping() const
{
    const auto found = std::find_if(m_formats.begin(), m_formats.end(),
                                    [this](const DocumentFormatGuess &one) { return textOf(one.codec) == m_codec; });
    return found != m_formats.end() && found->hasMapping && !m_written && !m_edited;
}

QString SourceAssistant::pipelineFolder() const
{
    return m_tools == nullptr || m_tools->workspace.empty()
               ? QString()
               : QFile::decodeName(QByteArray::fromStdString(m_tools->workspace)) + QStringLiteral("/pipelines");
}

QString SourceAssistant::lossText() const
{
    const SourcePreview &shown = m_events.preview();
    QStringList lines;
    if (!shown.unused.empty()) {
        QStringList paths;
        for (const std::string &path : shown.unused) {
            if (paths.size() < UnusedShown)
                paths << shownText(path, ShownNameMax);
        }
        QString line = tr("In no field, kept in the raw record alone: %1").arg(paths.join(QStringLiteral(", ")));
        if (shown.unused.size() > UnusedShown)
            line += tr(" and %1 more").arg(shown.unused.size() - UnusedShown);
        lines << line;
    } else if (shown.unusedIsWhole) {
        lines << tr("Every value of the records stands in a field.");
    }
    if (!shown.losses.empty()) {
        QStringList items;
        for (const std::string &loss : shown.losses)
            items << shownText(loss, ShownNameMax);
        lines << tr("What other envelopes cannot hold as it is: %1").arg(items.join(QStringLiteral("; ")));
    }
    return lines.join(QLatin1Char('\n'));
}

bool SourceAssistant::mayReplay() const
{
    return m_state == State::Shown && m_events.preview().records > 0 && whyNoReplay().isEmpty();
}

QString SourceAssistant::whyNoReplay() const
{
    if (m_tools == nullptr || !m_tools->mayReplay)
        return tr("This window only looks: save the pipeline and replay where the workspace is");
    return {};
}

void SourceAssistant::save(const QString &path)
{
    if (m_state != State::Shown)
        return m_context.tell(m_problem.isEmpty() ? tr("There is no pipeline to save yet") : m_problem, true);
    const auto done = m_context.bridge().to(m_guard, [this, path](const Status &status) {
        if (!status)
            return m_context.tell(shownText(status.error().text()), true);
        m_savedAs = path;
        m_context.tell(tr("Saved as %1").arg(path));
        Q_EMIT saved(path);
    });
    m_worker.run([path, text = m_pipeline.toUtf8(), done] {
        QDir().mkpath(QFileInfo(path).path());
        QSaveFile file(path);
        if (file.open(QIODevice::WriteOnly) && file.write(text) == text.size() && file.commit())
            return done(Status(Ok{}));
        done(Status(fileError(Error::Code::Io, tr("cannot write the pipeline: %1").arg(file.errorString()), path)));
    });
}

void SourceAssistant::replay()
{
    if (!mayReplay())
        return;
    ReplayRequest request;
    request.pipelineText = m_pipeline.toStdString();
    request.pipelineName = pipelineName();
    request.live = true;
    const auto start = [this, request](const QString &path) {
        ReplayRequest whole = request;
        whole.files = {QFile::encodeName(path).toStdString()};
        m_context.requestReplay(whole, m_title);
    };
    if (!m_path.isEmpty())
        return start(m_path);
    // A file of its own for each document: what is being read from the one before stays as it is.
    const QByteArray hash = QCryptographicHash::hash(*m_document, QCryptographicHash::Sha256).toHex().left(8);
    const QString path = m_pasted.filePath(name() + QLatin1Char('-') + QString::fromLatin1(hash));
    const auto done = m_context.bridge().to(m_guard, [this, path, start](bool written) {
        if (!written)
            return m_context.tell(tr("Cannot write the document to %1").arg(path), true);
        start(path);
    });
    m_worker.run([path, document = m_document, done] {
        QSaveFile file(path);
        done(file.open(QIODevice::WriteOnly) && file.write(*document) == document->size() && file.commit());
    });
}

} // namespace eventops
