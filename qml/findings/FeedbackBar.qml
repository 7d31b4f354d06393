// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// What a person can say of the current finding: two keystrokes a word.
ColumnLayout {
    id: bar
    required property FeedbackController feedback
    readonly property bool isAsking: feedback.mode !== FeedbackController.Browsing
    readonly property bool isDismissing: feedback.mode === FeedbackController.Dismissing
    signal finished()

    visible: feedback.mayTeach || isAsking || feedback.problem !== ""
    spacing: Theme.metric.space2

    Connections {
        target: bar.feedback
        function onModeChanged() {
            if (!bar.isAsking) {
                reason.focus = false
                bar.finished()
                return
            }
            reason.text = bar.feedback.offeredReason
            reason.forceActiveFocus()
            reason.selectAll()
        }
    }

    PlainText {
        text: bar.feedback.problem
        visible: text !== ""
        color: Theme.color.severityError
        wrapMode: Text.Wrap
        maximumLineCount: 4
        Layout.fillWidth: true
    }
    MutedText {
        visible: bar.isAsking
        text: bar.isDismissing ? qsTr("It becomes normal. Why?") : qsTr("It stays a fault. Why?")
        Layout.fillWidth: true
    }
    RowLayout {
        visible: bar.isAsking
        spacing: Theme.metric.space2

        EntryField {
            id: reason
            objectName: "feedbackReason"
            maximumLength: bar.feedback.reasonMax
            placeholderText: bar.feedback.offeredReason
            Accessible.name: qsTr("Reason")
            Layout.fillWidth: true
            Keys.onReturnPressed: bar.feedback.give(text)
            Keys.onEnterPressed: bar.feedback.give(text)
            Keys.onEscapePressed: bar.feedback.cancel()
        }
        ActionButton {
            text: bar.isDismissing ? qsTr("Dismiss") : qsTr("Confirm")
            keyName: "↵"
            isPrimary: true
            onClicked: bar.feedback.give(reason.text)
        }
        ActionButton {
            keyName: "Esc"
            Accessible.name: qsTr("Cancel")
            onClicked: bar.feedback.cancel()
        }
    }
    RowLayout {
        visible: !bar.isAsking && bar.feedback.mayTeach
        spacing: Theme.metric.space2

        ActionButton {
            objectName: "dismissButton"
            text: bar.feedback.busy ? qsTr("Under way …") : qsTr("Dismiss")
            keyName: bar.feedback.busy ? "" : "D"
            iconName: "x"
            enabled: !bar.feedback.busy
            onClicked: bar.feedback.beginDismiss()
        }
        ActionButton {
            objectName: "confirmButton"
            text: qsTr("Confirm")
            keyName: "C"
            iconName: "check"
            enabled: !bar.feedback.busy
            onClicked: bar.feedback.beginConfirm()
        }
        Item { Layout.fillWidth: true }
    }
}
