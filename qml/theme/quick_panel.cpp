// SPDX-License-Identifier: MIT
#include "qml/theme/quick_panel.h"

#include "core/viewmodel/approvals_controller.h"
#include "core/viewmodel/expectations_model.h"
#include "core/viewmodel/feedback_controller.h"
#include "core/viewmodel/findings_model.h"
#include "core/viewmodel/health_model.h"
#include "core/viewmodel/step_machines_model.h"
#include "qml/theme/icon_provider.h"
#include "qml/theme/quick_theme.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QQmlComponent>
#include <QQmlContext>
#include <QQmlEngine>
#include <QPointer>
#include <QQmlNetworkAccessManagerFactory>
#include <QQuickItem>
#include <QTimer>

namespace eventops {
namespace {

/// An answer that there is none.
class RefusedReply final : public QNetworkReply
{
public:
    RefusedReply(const QNetworkRequest &asked, QNetworkAccessManager::Operation operation, QObject *parent)
        : QNetworkReply(parent)
    {
        setRequest(asked);
        setUrl(asked.url());
        setOperation(operation);
        setError(ContentAccessDenied, QStringLiteral("this program's views do not use the network"));
        setFinished(true);
        QTimer::singleShot(0, this, [this] {
            Q_EMIT errorOccurred(error());
            Q_EMIT finished();
        });
    }
    void abort() override {}

protected:
    qint64 readData(char *, qint64) override { return -1; }
};

class RefusingManager final : public QNetworkAccessManager
{
public:
    using QNetworkAccessManager::QNetworkAccessManager;

protected:
    QNetworkReply *createRequest(Operation operation, const QNetworkRequest &asked, QIODevice *) override
    {
        return new RefusedReply(asked, operation, this);
    }
};

class RefusingFactory final : public QQmlNetworkAccessManagerFactory
{
public:
    QNetworkAccessManager *create(QObject *parent) override { return new RefusingManager(parent); }
};

void registerModels()
{
    const QString why = QStringLiteral("made by the program");
    qmlRegisterUncreatableType<StatedListModel>("EventOps.Models", 1, 0, "StatedListModel", why);
    qmlRegisterUncreatableType<ApprovalsModel>("EventOps.Models", 1, 0, "ApprovalsModel", why);
    qmlRegisterUncreatableType<ApprovalsController>("EventOps.Models", 1, 0, "ApprovalsController", why);
    qmlRegisterUncreatableType<FeedbackController>("EventOps.Models", 1, 0, "FeedbackController", why);
    qmlRegisterUncreatableType<FindingsModel>("EventOps.Models", 1, 0, "FindingsModel", why);
    qmlRegisterUncreatableType<ExpectationsModel>("EventOps.Models", 1, 0, "ExpectationsModel", why);
    qmlRegisterUncreatableType<StepMachinesModel>("EventOps.Models", 1, 0, "StepMachinesModel", why);
    qmlRegisterUncreatableType<HealthModel>("EventOps.Models", 1, 0, "HealthModel", why);
    qmlRegisterAnonymousType<BalanceModel>("EventOps.Models", 1);
}

QQmlEngine *sharedEngine()
{
    static QPointer<QQmlEngine> shared;
    if (shared != nullptr)
        return shared;
    static RefusingFactory factory;
    static const bool registered = (registerModels(), true);
    Q_UNUSED(registered)
    shared = new QQmlEngine(QCoreApplication::instance());
    shared->setNetworkAccessManagerFactory(&factory);
    shared->setImportPathList({QStringLiteral("qrc:/qt/qml"), QStringLiteral("qrc:/qt-project.org/imports"),
                               QLibraryInfo::path(QLibraryInfo::QmlImportsPath)});
    shared->addImageProvider(QStringLiteral("icons"), new IconProvider); // the engine owns it
    return shared;
}

} // namespace

QuickPanel::QuickPanel(const QString &module, const QString &document, const QVariantMap &properties, QWidget *parent)
    : QQuickWidget(sharedEngine(), parent)
{
    setResizeMode(SizeRootObjectToView);
    setMinimumWidth(WidthMin);
    setFocusPolicy(Qt::StrongFocus);
    connect(&QuickTheme::instance(), &QuickTheme::changed, this, &QuickPanel::followTheme);
    followTheme();
    const QUrl url(QStringLiteral("qrc:/qt/qml/EventOps/%1/%2.qml").arg(module, document));
    auto *component = new QQmlComponent(engine(), url, QQmlComponent::PreferSynchronous, this);
    QObject *root = nullptr;
    if (component->isReady()) // else creating would crash in 6.4
        root = component->createWithInitialProperties(properties, rootContext());
    for (const QQmlError &error : component->errors())
        qCritical("%s", qPrintable(error.toString()));
    Q_ASSERT(root != nullptr); // compiled in
    if (root != nullptr)
        setContent(url, component, root);
}

QSize QuickPanel::sizeHint() const
{
    constexpr int Width = 420, Height = 560;
    return {Width, Height};
}

void QuickPanel::followTheme()
{
    setClearColor(QuickTheme::instance().color()->value(QStringLiteral("window")).value<QColor>());
}

} // namespace eventops
