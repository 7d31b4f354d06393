// SPDX-License-Identifier: MIT
#pragma once

#include "app/console/engine_connection.h"

#include <QDialog>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace eventops::console {

/// Asks for an engine's address and token, tries them, and says what is wrong and what helps. Hands the connection on
/// once it is attached. Not modal. Thread: UI.
class ConnectDialog final : public QDialog
{
    Q_OBJECT

public:
    explicit ConnectDialog(const EngineAddress &address, QWidget *parent = nullptr);

    void connectNow();                 ///< As the button does.
    void test();                       ///< The same, and lets go of the connection again.
    void explain(const QString &text); ///< An error message of a broker, a registry or compose.
    bool isBusy() const { return m_connection != nullptr; }

Q_SIGNALS:
    /// @p connection is the receiver's from now on.
    void attached(eventops::console::EngineConnection *connection);
    void needed(); ///< It did not go well: somebody has to look.

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void makeFields(const EngineAddress &address);
    void makeExplainer();
    void addFile(const QString &label, QLineEdit *field, QPushButton *choose, const QString &title);
    bool wantsTls() const;
    void begin(bool onlyTest);
    void showAttached();
    void showFailed(const Error &error, const QString &betterUrl);
    void showState();
    void fitHeight();
    void say(const QString &cause, const QString &remedy);

    const std::string m_keepIn; ///< See EngineAddress.
    QLineEdit *m_url = nullptr, *m_token = nullptr, *m_ca = nullptr, *m_error = nullptr;
    QCheckBox *m_readOnly = nullptr;
    QLabel *m_cause = nullptr, *m_remedy = nullptr, *m_explained = nullptr;
    QPushButton *m_connect = nullptr, *m_test = nullptr, *m_close = nullptr, *m_fix = nullptr;
    QPushButton *m_chooseToken = nullptr, *m_chooseCa = nullptr, *m_copyFix = nullptr;
    QString m_betterUrl, m_command;
    EngineConnection *m_connection = nullptr; ///< While it is tried.
    bool m_onlyTest = false;
};

} // namespace eventops::console
