// SPDX-License-Identifier: MIT
//
// What leaves a workspace and comes back into an empty one.
#include "tests/support/local_workspace.h"
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include "core/codec/capture_file.h"

#include <QtCore/QDir>
#include <QtCore/QProcess>

#include <fstream>

using namespace eventops;
using namespace eventops::test;

namespace {

const Caller Tester{"tester", Role::Admin, {}};

template <typename T, typename Start>
Result<T> await(Start start)
{
    std::promise<Result<T>> promise;
    start([&](Result<T> result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
}

std::string pipelineText(const std::string &name)
{
    QFile file(QString::fromStdString(EVENTOPS_SOURCE_DIR "/pipelines/definitions/" + name + ".yaml"));
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

Result<WorkspaceSummary> replayFiles(Backend &backend, const std::vector<std::string> &files,
                                     const std::string &pipeline = "default")
{
    ReplayRequest request;
    request.files = files;
    request.pipelineText = pipelineText(pipeline);
    request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/" + pipeline + ".yaml";
    return await<WorkspaceSummary>(
        [&](Done<WorkspaceSummary> done) { backend.replay(Tester, request, {}, std::move(done)); });
}

Result<ExportProgress> exportTo(Backend &backend, ExportForm form, const std::string &path,
                                const std::string &filter = {}, const Caller &caller = Tester)
{
    ExportRequest request;
    request.form = form;
    request.path = path;
    request.filter = filter;
    request.compress = path.ends_with(".zst");
    return await<ExportProgress>(
        [&](Done<ExportProgress> done) { backend.exportCapture(caller, request, {}, std::move(done)); });
}

/// Lines of two tenants with damage among them, a document on several lines not being one.
std::string someLines(int count, int salt)
{
    std::string out;
    for (int i = 0; i < count; ++i) {
        if (i % 40 == 39) {
            out += "{\"tenant_id\":\"acme\",\"host\":\n";
            continue;
        }
        out += "{\"tenant_id\":\"t" + std::to_string(i % 3) + "\",\"host\":\"host-" + std::to_string((i + salt) % 20)
               + "\",\"metric\":\"cpu_load\",\"value\":"
               + std::to_string(20 + (i * 7919 + salt) % 30 + (i % 97 == 0 ? 60 : 0)) + ",\"ts_event\":\"2025-10-21T"
               + std::to_string(10 + i / 3600 % 10) + ':' + std::to_string(10 + i / 60 % 50) + ':'
               + std::to_string(10 + i % 50) + "Z\",\"unit\":\"percent\",\"tags\":{\"env\":\"prod\"}}\n";
    }
    return out;
}

} // namespace

class TestExport : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string path(const std::string &name) const { return m_folder.path().toStdString() + '/' + name; }
    std::string write(const std::string &name, const std::string &bytes)
    {
        std::ofstream(path(name), std::ios::binary) << bytes;
        return path(name);
    }
    QStringList leftBehind(const QString &pattern) const { return QDir(m_folder.path()).entryList({pattern}); }

private Q_SLOTS:
    void ownFormGivesTheSameWorkspace()
    {
        const std::string a = write("a.ndjson", someLines(9000, 0)), b = write("b.ndjson", someLines(3000, 7));
        const std::string late = write("late.ndjson", someLines(500, 11));
        LocalWorkspace first, second, third;
        const auto backend = first.backend();
        QVERIFY(replayFiles(*backend, {a, b}));
        const auto told = replayFiles(*backend, {late}); // a run of its own: not merged with the others
        QVERIFY(told);
        QVERIFY(told.value().findings > 0);
        const auto exported = exportTo(*backend, ExportForm::Capture, path("all.evcap"));
        QVERIFY2(exported, exported ? "" : exported.error().text().c_str());
        QCOMPARE(exported.value().records, std::uint64_t{12500});
        QCOMPARE(exported.value().deadLetters, std::uint64_t{312});
        const auto again = second.backend();
        const auto back = replayFiles(*again, {path("all.evcap")});
        QVERIFY2(back, back ? "" : back.error().text().c_str());
        QCOMPARE(back.value().counters.events, told.value().counters.events);
        QCOMPARE(back.value().findings, told.value().findings);
        QCOMPARE(back.value().digest, told.value().digest);
        // Both ways round, the originals are known.
        const auto original = replayFiles(*again, {a});
        QVERIFY(original);
        QCOMPARE(original.value().digest, told.value().digest);
        QVERIFY(replayFiles(*backend, {path("all.evcap")}));
        QCOMPARE(replayFiles(*backend, {path("all.evcap")}).value().digest, told.value().digest);
        // A second generation is the first one, byte for byte.
        const auto copy = exportTo(*again, ExportForm::Capture, path("copy.evcap"));
        QVERIFY(copy);
        const auto last = replayFiles(*third.backend(), {path("copy.evcap")});
        QVERIFY(last);
        QCOMPARE(last.value().digest, told.value().digest);
    }

    void shippedCapturesComeBackAlike_data()
    {
        QTest::addColumn<QString>("capture");
        QTest::addColumn<QString>("pipeline");
        QTest::newRow("agents") << "agents.ndjson"
                                << "default";
        QTest::newRow("mapped text on several lines") << "kafka_server.log"
                                                      << "kafka_logs";
    }
    void shippedCapturesComeBackAlike()
    {
        QFETCH(QString, capture);
        QFETCH(QString, pipeline);
        const std::string file = EVENTOPS_SOURCE_DIR "/resources/captures/" + capture.toStdString();
        LocalWorkspace first, second;
        const auto backend = first.backend();
        const auto told = replayFiles(*backend, {file}, pipeline.toStdString());
        QVERIFY2(told, told ? "" : told.error().text().c_str());
        const std::string out = path(QTest::currentDataTag()) + ".evcap";
        QVERIFY(exportTo(*backend, ExportForm::Capture, out));
        const auto back = replayFiles(*second.backend(), {out}, pipeline.toStdString());
        QVERIFY2(back, back ? "" : back.error().text().c_str());
        QCOMPARE(back.value().digest, told.value().digest);
    }

    void rawLinesGiveTheSameDigestPlainAndPacked()
    {
        const std::string content = someLines(2000, 3);
        LocalWorkspace first;
        const auto backend = first.backend();
        const auto told = replayFiles(*backend, {write("lines.ndjson", content)});
        QVERIFY(told);
        for (const char *name : {"out.ndjson", "out.ndjson.zst"}) {
            const auto done = exportTo(*backend, ExportForm::Ndjson, path(name));
            QVERIFY2(done, done ? "" : done.error().text().c_str());
            LocalWorkspace second;
            const auto back = replayFiles(*second.backend(), {path(name)});
            QVERIFY(back);
            QCOMPARE(back.value().digest, told.value().digest);
        }
        std::ifstream in(path("out.ndjson"), std::ios::binary);
        QCOMPARE(std::string(std::istreambuf_iterator<char>(in), {}), content);
    }

    void eventsInOtherFormsKeepWhatTheyHold()
    {
        LocalWorkspace first;
        const auto backend = first.backend();
        const auto told = replayFiles(*backend, {write("forms.ndjson", someLines(300, 5))});
        QVERIFY(told);
        for (const auto &[form, name] :
             {std::pair{ExportForm::Csv, "f.csv"}, {ExportForm::Csv, "f.csv.zst"}, {ExportForm::Kcat, "f.kcat"}}) {
            QVERIFY(exportTo(*backend, form, path(name)));
            LocalWorkspace second;
            const auto back = replayFiles(*second.backend(), {path(name)});
            QVERIFY2(back, back ? "" : back.error().text().c_str());
            QCOMPARE(back.value().counters.events, told.value().counters.events);
            QCOMPARE(back.value().findings, told.value().findings);
            if (form == ExportForm::Kcat)
                QCOMPARE(back.value().counters.deadLettered, told.value().counters.deadLettered);
        }
        const auto events = exportTo(*backend, ExportForm::Events, path("f.events"));
        QVERIFY(events);
        QCOMPARE(events.value().records, told.value().counters.events);
    }

    void aFilterChoosesRecordsAndTimes()
    {
        LocalWorkspace first, second;
        const auto backend = first.backend();
        QVERIFY(replayFiles(*backend, {write("chosen.ndjson", someLines(900, 1))}));
        const auto done = exportTo(*backend, ExportForm::Capture, path("chosen.evcap"), "tenant = t1");
        QVERIFY(done);
        QCOMPARE(done.value().records, std::uint64_t{300 - 7});
        QCOMPARE(done.value().deadLetters, std::uint64_t{0});
        const auto back = replayFiles(*second.backend(), {path("chosen.evcap")});
        QVERIFY(back);
        QCOMPARE(back.value().counters.stored, done.value().records);
        const auto bad = exportTo(*backend, ExportForm::Csv, path("bad.csv"), "tenant = = 1");
        QVERIFY(!bad);
        QVERIFY(leftBehind(QStringLiteral("bad.csv*")).isEmpty());
        ExportRequest request;
        request.form = ExportForm::Events;
        request.path = path("hour.events");
        request.from = WallNs{1761041400 * NsPerSecond}; // 2025-10-21T10:10:00Z
        request.to = WallNs{1761041460 * NsPerSecond};
        const auto hour = await<ExportProgress>(
            [&](Done<ExportProgress> d) { backend->exportCapture(Tester, request, {}, std::move(d)); });
        QVERIFY(hour);
        QCOMPARE(hour.value().records, std::uint64_t{59});
    }

    void refusalsAreNamedAndLeaveNoFile()
    {
        LocalWorkspace first, lean;
        const auto backend = first.backend();
        QVERIFY(replayFiles(*backend, {write("refuse.ndjson", someLines(100, 1))}));
        const auto code = [&](const Result<ExportProgress> &r) {
            return r ? Error::Code::Io : r.error().code;
        };
        const Caller narrow{"viewer", Role::Viewer, {"t1"}};
        QCOMPARE(code(exportTo(*backend, ExportForm::Ndjson, path("r1"), {}, narrow)), Error::Code::Refused);
        const auto seen = exportTo(*backend, ExportForm::Events, path("seen"), {}, narrow);
        QVERIFY(seen);
        QVERIFY(seen.value().records > 0 && seen.value().records < 40);
        QCOMPARE(code(exportTo(*backend, ExportForm::Events, path("seen"))), Error::Code::Refused); // it is there
        QCOMPARE(code(exportTo(*backend, ExportForm::Events, path("no/folder"))), Error::Code::NotFound);
        QCOMPARE(code(exportTo(*backend, ExportForm::Capture, path("r2.zst"))), Error::Code::InvalidArgument);
        QVERIFY(replayFiles(*backend, {write("pretty.json", "{\n \"a\": 1,\n \"b\": \"x\"\n}\n")}));
        const auto shaped = exportTo(*backend, ExportForm::Ndjson, path("shaped"));
        QVERIFY(shaped);
        QCOMPARE(shaped.value().reshaped, std::uint64_t{1});
        ReplayRequest request;
        request.files = {path("refuse.ndjson")};
        request.pipelineText = pipelineText("default") + "\nledger: {keep_raw: false}\n";
        request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
        const auto other = lean.backend();
        const auto read = await<WorkspaceSummary>(
            [&](Done<WorkspaceSummary> done) { other->replay(Tester, request, {}, std::move(done)); });
        QVERIFY2(read, read ? "" : read.error().text().c_str());
        const auto kept = exportTo(*other, ExportForm::Capture, path("r3"));
        QCOMPARE(code(kept), Error::Code::Refused);
        QVERIFY(kept.error().text().find("keep_raw") != std::string::npos);
        QVERIFY(exportTo(*other, ExportForm::Csv, path("lean.csv")));
        QVERIFY(leftBehind(QStringLiteral("r?*"))
                    .filter(QStringLiteral("."))
                    .filter(QRegularExpression(QStringLiteral("^r[123]")))
                    .isEmpty());
    }

    void aCancelledExportLeavesNoFile()
    {
        LocalWorkspace first;
        const auto backend = first.backend();
        QVERIFY(replayFiles(*backend, {write("cancel.ndjson", someLines(20000, 1))}));
        ExportRequest request;
        request.path = path("cancelled.evcap");
        std::promise<Result<ExportProgress>> promise;
        Ticket ticket;
        std::promise<void> seen;
        std::shared_future<void> ready = seen.get_future().share();
        std::atomic<bool> once{false};
        std::promise<void> go;
        ticket = backend->exportCapture(
            Tester, request,
            [&](const ExportProgress &) {
                if (!once.exchange(true)) {
                    seen.set_value();
                    go.get_future().wait();
                }
            },
            [&](Result<ExportProgress> result) { promise.set_value(std::move(result)); });
        ready.wait();
        QCOMPARE(leftBehind(QStringLiteral("cancelled*")).size(), 1); // the file beside
        ticket.cancel();
        go.set_value();
        const auto result = promise.get_future().get();
        QVERIFY(!result);
        QCOMPARE(result.error().code, Error::Code::Cancelled);
        QVERIFY(leftBehind(QStringLiteral("cancelled*")).isEmpty());
    }

    void aDamagedCaptureIsReadAsFarAsItIsWhole()
    {
        LocalWorkspace first, second;
        const auto backend = first.backend();
        QVERIFY(replayFiles(*backend, {write("hurt.ndjson", someLines(20000, 1))}));
        QVERIFY(exportTo(*backend, ExportForm::Capture, path("hurt.evcap")));
        const auto reader = CaptureFileReader::open(path("hurt.evcap")).value();
        const CaptureFrame frame = reader->frames().at(1);
        std::fstream file(path("hurt.evcap"), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(frame.offset + 100));
        file.put('!');
        file.close();
        const auto hurt = second.backend();
        const auto back = replayFiles(*hurt, {path("hurt.evcap")});
        QVERIFY(!back);
        QCOMPARE(back.error().code, Error::Code::Corrupt);
        QVERIFY2(back.error().text().find(std::to_string(frame.records) + " records") != std::string::npos,
                 back.error().text().c_str());
        const auto summary = await<WorkspaceSummary>(
            [&](Done<WorkspaceSummary> done) { hurt->summary(Tester, false, std::move(done)); });
        QCOMPARE(summary.value().counters.received + frame.records, std::uint64_t{20000});
    }

    void commandsGoRound()
    {
        Scratch scratch;
        const QString a = scratch.file(QStringLiteral("a.ndjson"), QByteArray::fromStdString(someLines(400, 0)));
        const QString b = scratch.file(QStringLiteral("b.ndjson"), QByteArray::fromStdString(someLines(200, 9)));
        const QString merged = scratch.file(QStringLiteral("m.evcap"), {}),
                      copy = scratch.file(QStringLiteral("c"), {});
        const auto args = [](std::initializer_list<const char *> words) {
            QStringList out;
            for (const char *word : words)
                out << QString::fromUtf8(word);
            return out;
        };
        QVERIFY(run(QStringList{QStringLiteral("merge"), a, b, QStringLiteral("--out"), merged}).exitCode != 0);
        const Ran merge =
            run(QStringList{QStringLiteral("merge"), a, b, QStringLiteral("--out"), merged, QStringLiteral("--force")});
        QVERIFY2(merge.exitCode == 0, merge.err.constData());
        const Ran together = scratch.replay({a, b});
        Scratch other;
        const Ran fromMerged = other.replay({merged});
        QCOMPARE(fromMerged.json().value(QLatin1String("digest")), together.json().value(QLatin1String("digest")));
        const Ran exported = run(args({"export", "--json", "--force", "--out"})
                                 << copy << QStringLiteral("--workspace") << scratch.workspace());
        QCOMPARE(exported.json().value(QLatin1String("records")).toInt(), 600);
        const Ran info = run(args({"capture", "info", "--json"}) << copy);
        QCOMPARE(info.exitCode, 0);
        QCOMPARE(info.json().value(QLatin1String("records")).toInt(), 600);
        QVERIFY(info.json().value(QLatin1String("whole")).toBool());
        QFile hurt(copy);
        QVERIFY(hurt.open(QIODevice::ReadWrite));
        QVERIFY(hurt.resize(hurt.size() / 2));
        hurt.close();
        const Ran bad = run(args({"capture", "info", "--json"}) << copy);
        QCOMPARE(bad.exitCode, 1);
        QVERIFY(!bad.json().value(QLatin1String("whole")).toBool());
    }
};

EVENTOPS_TEST(TestExport)
#include "tst_export.moc"
