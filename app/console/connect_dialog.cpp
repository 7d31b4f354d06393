// SPDX-License-Identifier: MIT
#include "app/console/connect_dialog.h"

#include "core/remote/connection_doctor.h"
#include "core/viewmodel/shown_text.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QClipboard>
#include <QFile>
#include <QFileDialog>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QResizeEvent>
#include <QSpacerItem>

#include <initializer_list>

namespace eventops::console {
namespace {

QLabel *makeText(QWidget *parent, const QString &name = {})
{
    auto *label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setObjectName(name);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->hide();
    return label;
}

QString pathText(const std::string &path)
{
    return QFile::decodeName(QByteArray::fromStdString(path));
}

} // namespace

ConnectDialog::ConnectDialog(const EngineAddress &address, QWidget *parent)
    : QDialog(parent), m_keepIn(address.keepIn)
{
    setObjectName(QStringLiteral("connect"));
    setWindowTitle(tr("Connect to an engine, or to topics"));
    setMinimumWidth(themeMetric("pageWidth"));
    makeFields(address);
    showState();
}

/// As high as its texts need at this width: a layout sees to that when a window is first shown, and never again.
void ConnectDialog::fitHeight()
{
    if (!isVisible())
        return;
    layout()->activate();
    const bool wraps = layout()->hasHeightForWidth(); // some of the texts is shown
    const int wanted = wraps ? layout()->totalHeightForWidth(width()) : layout()->totalMinimumSize().height();
    setMinimumHeight(wanted);
    resize(width(), wanted);
}

void ConnectDialog::showEvent(QShowEvent *event)
{
    QDialog::showEvent(event);
    fitHeight();
}

void ConnectDialog::resizeEvent(QResizeEvent *event)
{
    QDialog::resizeEvent(event);
    if (event->oldSize().width() != event->size().width())
        fitHeight();
}

void ConnectDialog::makeFields(const EngineAddress &address)
{
    auto *form = new QFormLayout(this);
    m_url = new QLineEdit(QString::fromStdString(address.url), this);
    m_url->setAccessibleName(tr("Address"));
    m_url->setPlaceholderText(tr("localhost:8088, wss://name, or kafka://host:9092"));
    m_url->setMinimumWidth(themeMetric("filterWidth"));
    form->addRow(tr("&Address"), m_url);
    m_token = new QLineEdit(pathText(address.tokenFile), this);
    m_token->setAccessibleName(tr("Token file"));
    m_token->setPlaceholderText(tr("api_tokens, or a file with your token"));
    m_chooseToken = new QPushButton(tr("C&hoose…"), this);
    addFile(tr("&Token file"), m_token, m_chooseToken, tr("File with a token"));
    m_ca = new QLineEdit(pathText(address.caFile), this);
    m_ca->setAccessibleName(tr("CA file"));
    m_ca->setPlaceholderText(tr("PEM; empty: authorities that this machine trusts"));
    m_chooseCa = new QPushButton(tr("Ch&oose…"), this);
    addFile(tr("CA &file"), m_ca, m_chooseCa, tr("Certificate of the authority that signed the engine's"));
    m_readOnly = new QCheckBox(tr("&Read-only: look, and change nothing"), this);
    m_readOnly->setChecked(address.readOnly);
    form->addRow(m_readOnly);
    m_cause = makeText(this);
    m_remedy = makeText(this, QStringLiteral("muted"));
    form->addRow(m_cause);
    form->addRow(m_remedy);
    m_fix = new QPushButton(this);
    m_fix->setAutoDefault(false);
    form->addRow(m_fix);
    makeExplainer();
    m_connect = new QPushButton(tr("&Connect"), this);
    m_connect->setDefault(true);
    m_test = new QPushButton(tr("T&est"), this);
    m_close = new QPushButton(tr("Close"), this);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_test);
    buttons->addStretch(1);
    buttons->addWidget(m_connect);
    buttons->addWidget(m_close);
    form->addRow(buttons);
    connect(m_connect, &QPushButton::clicked, this, &ConnectDialog::connectNow);
    connect(m_test, &QPushButton::clicked, this, &ConnectDialog::test);
    connect(m_close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_fix, &QPushButton::clicked, this, [this] {
        m_url->setText(m_betterUrl);
        connectNow();
    });
    connect(m_url, &QLineEdit::textChanged, this, &ConnectDialog::showState);
    connect(m_token, &QLineEdit::textChanged, this, &ConnectDialog::showState);
    connect(this, &QDialog::finished, this, [this] { delete std::exchange(m_connection, nullptr); });
}

/// A line of the form for a file, with what chooses one.
void ConnectDialog::addFile(const QString &label, QLineEdit *field, QPushButton *choose, const QString &title)
{
    choose->setAccessibleName(tr("Choose: %1").arg(field->accessibleName()));
    choose->setAutoDefault(false);
    auto *line = new QWidget(this); // one to be shown and hidden with its label
    auto *row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(field, 1);
    row->addWidget(choose);
    auto *name = new QLabel(label, this);
    name->setBuddy(field);
    qobject_cast<QFormLayout *>(layout())->addRow(name, line);
    connect(choose, &QPushButton::clicked, this, [this, field, title] {
        const QString file = QFileDialog::getOpenFileName(this, title, field->text(), QString(), nullptr,
                                                          QFileDialog::DontUseNativeDialog);
        if (!file.isEmpty())
            field->setText(file);
    });
}

/// For those whose engine runs and whose brokers do not.
void ConnectDialog::makeExplainer()
{
    auto *form = qobject_cast<QFormLayout *>(layout());
    form->addItem(new QSpacerItem(0, themeMetric("space3")));
    m_error = new QLineEdit(this);
    m_error->setAccessibleName(tr("Error message"));
    m_error->setPlaceholderText(tr("an error of Kafka, a registry or compose"));
    form->addRow(tr("E&xplain"), m_error);
    m_explained = makeText(this);
    m_copyFix = new QPushButton(this);
    m_copyFix->setAutoDefault(false);
    m_copyFix->hide();
    form->addRow(m_explained);
    form->addRow(m_copyFix);
    connect(m_error, &QLineEdit::textChanged, this, &ConnectDialog::explain);
    connect(m_copyFix, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_command); });
}

void ConnectDialog::connectNow()
{
    begin(false);
}

void ConnectDialog::test()
{
    begin(true);
}

void ConnectDialog::begin(bool onlyTest)
{
    delete std::exchange(m_connection, nullptr);
    m_onlyTest = onlyTest;
    m_betterUrl.clear();
    const auto file = [](const QLineEdit *field) {
        return QFile::encodeName(field->text()).toStdString();
    };
    const EngineAddress address{m_url->text().trimmed().toStdString(), file(m_token), m_readOnly->isChecked(),
                                wantsTls() ? file(m_ca) : std::string(), m_keepIn};
    m_connection = new EngineConnection(address, this);
    connect(m_connection, &EngineConnection::attached, this, &ConnectDialog::showAttached, Qt::QueuedConnection);
    connect(m_connection, &EngineConnection::failed, this, &ConnectDialog::showFailed, Qt::QueuedConnection);
    say(tr("Connecting to %1…").arg(m_connection->status().engine()), {});
    showState();
    m_connection->start();
}

void ConnectDialog::showAttached()
{
    EngineConnection *const connection = std::exchange(m_connection, nullptr);
    if (connection == nullptr)
        return;
    connection->disconnect(this);
    if (!m_onlyTest) {
        connection->setParent(nullptr);
        Q_EMIT attached(connection);
        accept();
        return;
    }
    say(tr("It works."), connection->status().detail());
    connection->deleteLater();
    showState();
}

void ConnectDialog::showFailed(const Error &error, const QString &betterUrl)
{
    if (m_connection == nullptr)
        return;
    std::exchange(m_connection, nullptr)->deleteLater();
    m_betterUrl = betterUrl;
    Error cause = error;
    const std::string remedy = std::exchange(cause.remedy, {});
    const QString toDo = remedy.empty() ? QString() : tr("To do: %1.").arg(shownText(remedy));
    say(shownText(cause.text()) + QLatin1Char('.'), toDo);
    showState();
    Q_EMIT needed();
}

void ConnectDialog::say(const QString &cause, const QString &remedy)
{
    const bool beginsWithAWord = !cause.section(QLatin1Char(' '), 0, 0).contains(QLatin1Char(':')); // or an address
    m_cause->setText(beginsWithAWord ? cause.left(1).toUpper() + cause.mid(1) : cause);
    m_cause->setVisible(!cause.isEmpty());
    m_remedy->setText(remedy);
    m_remedy->setVisible(!remedy.isEmpty());
}

/// Authorities are asked for where there is a certificate.
bool ConnectDialog::wantsTls() const
{
    const QString url = m_url->text().trimmed();
    return url.startsWith(QLatin1String("wss://"), Qt::CaseInsensitive)
           || url.startsWith(QLatin1String("https://"), Qt::CaseInsensitive);
}

void ConnectDialog::showState()
{
    for (QWidget *field : std::initializer_list<QWidget *>{m_url, m_token, m_chooseToken, m_ca, m_chooseCa, m_readOnly})
        field->setEnabled(!isBusy());
    qobject_cast<QFormLayout *>(layout())->setRowVisible(m_ca->parentWidget(), wantsTls());
    const QString url = m_url->text().trimmed();
    const bool topics = isKafkaAddress(url.toStdString()); // can be looked at without any
    const bool ready = !isBusy() && !url.isEmpty() && (topics || !m_token->text().isEmpty());
    m_token->setPlaceholderText(topics ? tr("only for decisions: kafka_tokens, or a file with your token")
                                       : tr("api_tokens, or a file with your token"));
    m_connect->setEnabled(ready);
    m_test->setEnabled(ready);
    m_fix->setText(tr("&Use %1").arg(m_betterUrl));
    m_fix->setVisible(!m_betterUrl.isEmpty());
    m_close->setText(isBusy() ? tr("Cancel") : tr("Close"));
    fitHeight();
}

void ConnectDialog::explain(const QString &text)
{
    const auto known = remote::recogniseTrouble(text.toStdString());
    const auto shown = [](std::string_view words) {
        return QString::fromUtf8(words.data(), static_cast<qsizetype>(words.size()));
    };
    m_explained->setVisible(!text.trimmed().isEmpty());
    m_explained->setText(known ? shown(known->cause) + QLatin1Char(' ') + shown(known->remedy)
                               : tr("This message is not known here."));
    m_command = known ? shown(known->fix) : QString();
    m_copyFix->setText(tr("Copy: %1").arg(m_command));
    m_copyFix->setVisible(known.has_value());
    fitHeight();
}

} // namespace eventops::console
