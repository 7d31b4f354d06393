// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;

namespace eventops {

class ExportController;
class ViewContext;

} // namespace eventops

namespace eventops::console {

/// Asks for form and file, then shows how the export goes. Not modal: the views go on. Thread: UI.
class ExportDialog final : public QDialog
{
    Q_OBJECT

public:
    ExportDialog(ViewContext &context, ExportController &controller, QWidget *parent);

    /// Names the file without asking, for tests.
    void setFile(const QString &path);
    void begin(); ///< As the button does.

private:
    void makeFields();
    void chooseFile();
    void showView();
    void showState();
    QString suffix() const;

    ViewContext &m_context;
    ExportController &m_controller;
    QComboBox *m_form = nullptr;
    QLineEdit *m_file = nullptr;
    QCheckBox *m_onlyView = nullptr, *m_packed = nullptr;
    QLabel *m_said = nullptr;
    QProgressBar *m_progress = nullptr;
    QString m_mayOverwrite; ///< The file that a person agreed to replace.
    QPushButton *m_begin = nullptr, *m_cancel = nullptr, *m_browse = nullptr;
};

} // namespace eventops::console
