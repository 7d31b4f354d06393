// SPDX-License-Identifier: MIT
#include "app/console/export_dialog.h"

#include "core/viewmodel/export_controller.h"
#include "core/viewmodel/view_context.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>

namespace eventops::console {
namespace {

constexpr int ProgressSteps = 1'000;

QString formText(ExportForm form)
{
    switch (form) {
    case ExportForm::Capture: return ExportDialog::tr("Capture (.evcap): raw records with all that belongs to them");
    case ExportForm::Ndjson: return ExportDialog::tr("NDJSON: raw records, one a line");
    case ExportForm::Kcat: return ExportDialog::tr("kcat -J: raw records as Kafka messages");
    case ExportForm::Csv: return ExportDialog::tr("CSV: events as rows");
    case ExportForm::Events: return ExportDialog::tr("Events as JSON, one a line");
    }
    return {};
}

} // namespace

ExportDialog::ExportDialog(ViewContext &context, ExportController &controller, QWidget *parent)
    : QDialog(parent), m_context(context), m_controller(controller)
{
    setObjectName(QStringLiteral("export"));
    setWindowTitle(tr("Export"));
    makeFields();
    connect(&m_controller, &ExportController::stateChanged, this, &ExportDialog::showState);
    connect(&m_controller, &ExportController::progressChanged, this, [this] {
        const double part = m_controller.part();
        m_progress->setRange(0, part < 0 ? 0 : ProgressSteps);
        m_progress->setValue(static_cast<int>(part * ProgressSteps));
    });
    connect(&m_controller, &ExportController::finished, this, [this](const QString &sentence) {
        m_said->setText(sentence);
        m_context.tell(sentence);
        accept();
    });
    connect(&m_controller, &ExportController::cancelled, this,
            [this] { m_said->setText(tr("Cancelled; no file was written.")); });
    connect(&m_controller, &ExportController::failed, m_said, &QLabel::setText);
    connect(&m_context, &ViewContext::filterSet, this, &ExportDialog::showView);
    connect(&m_context, &ViewContext::timeSpanSelected, this, &ExportDialog::showView);
    showView();
    showState();
}

void ExportDialog::makeFields()
{
    auto *form = new QFormLayout(this);
    m_form = new QComboBox(this);
    m_form->setAccessibleName(tr("Form"));
    for (const ExportForm each : ExportForms)
        m_form->addItem(formText(each), static_cast<int>(each));
    form->addRow(tr("F&orm"), m_form);
    m_file = new QLineEdit(this);
    m_file->setAccessibleName(tr("File"));
    m_file->setMinimumWidth(themeMetric("filterWidth"));
    m_browse = new QPushButton(tr("&Choose…"), this);
    auto *row = new QHBoxLayout;
    row->addWidget(m_file, 1);
    row->addWidget(m_browse);
    auto *label = new QLabel(tr("&File"), this);
    label->setBuddy(m_file);
    form->addRow(label, row);
    m_onlyView = new QCheckBox(this);
    m_onlyView->setChecked(true);
    form->addRow(m_onlyView);
    m_packed = new QCheckBox(tr("&Pack with zstd"), this);
    form->addRow(m_packed);
    m_progress = new QProgressBar(this);
    m_progress->setAccessibleName(tr("Progress"));
    form->addRow(m_progress);
    m_said = new QLabel(this);
    m_said->setTextFormat(Qt::PlainText);
    m_said->setWordWrap(true);
    form->addRow(m_said);
    m_begin = new QPushButton(tr("&Export"), this);
    m_begin->setDefault(true);
    m_cancel = new QPushButton(tr("Cancel"), this);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(m_begin);
    buttons->addWidget(m_cancel);
    form->addRow(buttons);
    connect(m_browse, &QPushButton::clicked, this, &ExportDialog::chooseFile);
    connect(m_begin, &QPushButton::clicked, this, &ExportDialog::begin);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (m_controller.isRunning())
            m_controller.cancel();
        else
            reject();
    });
    connect(m_form, &QComboBox::currentIndexChanged, this, &ExportDialog::showState);
    connect(m_file, &QLineEdit::textChanged, this, &ExportDialog::showState);
}

void ExportDialog::setFile(const QString &path)
{
    m_file->setText(path);
}

QString ExportDialog::suffix() const
{
    const auto form = static_cast<ExportForm>(m_form->currentData().toInt());
    const std::string_view name = toString(form);
    return QLatin1Char('.') + QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
}

void ExportDialog::chooseFile()
{
    const QString file = QFileDialog::getSaveFileName(this, tr("Export into"), QStringLiteral("events") + suffix(),
                                                      QString(), nullptr, QFileDialog::DontUseNativeDialog);
    if (file.isEmpty())
        return;
    m_file->setText(file);
    m_mayOverwrite = file; // the file dialog has asked
}

/// What the views show now.
void ExportDialog::showView()
{
    ExportRequest view;
    ExportController::takeView(m_context, view);
    const bool narrowed = !view.filter.empty() || view.from != NoTime;
    m_onlyView->setText(narrowed ? tr("&Only what the views show: filter and time span")
                                 : tr("&Only what the views show (now: everything)"));
    m_onlyView->setToolTip(m_context.filter().toHtmlEscaped());
}

void ExportDialog::showState()
{
    const bool running = m_controller.isRunning();
    const auto form = static_cast<ExportForm>(m_form->currentData().toInt());
    for (QWidget *field : {static_cast<QWidget *>(m_form), static_cast<QWidget *>(m_file),
                           static_cast<QWidget *>(m_browse), static_cast<QWidget *>(m_onlyView)})
        field->setEnabled(!running);
    m_packed->setEnabled(!running && form != ExportForm::Capture);
    m_begin->setEnabled(!running && !m_file->text().isEmpty());
    m_progress->setVisible(running);
    m_progress->setRange(0, 0);
    m_cancel->setText(running ? tr("Cancel") : tr("Close"));
}

void ExportDialog::begin()
{
    ExportRequest request;
    if (m_onlyView->isChecked())
        ExportController::takeView(m_context, request);
    request.form = static_cast<ExportForm>(m_form->currentData().toInt());
    request.path = QFile::encodeName(m_file->text()).toStdString();
    request.compress = m_packed->isEnabled() && m_packed->isChecked();
    request.overwrite = m_file->text() == m_mayOverwrite;
    m_said->clear();
    m_controller.start(request);
}

} // namespace eventops::console
