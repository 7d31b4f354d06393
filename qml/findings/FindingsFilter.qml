// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// Which findings are shown: those that match a filter, those that are open. Nobody's way until it is asked for.
ColumnLayout {
    id: bar
    required property FindingsModel findings
    readonly property bool isActive: findings.filter !== "" || findings.openOnly
    property bool isOpen: false
    signal dismissed() // the keyboard goes back to the list

    visible: isOpen || isActive
    spacing: Theme.metric.space1

    function open() {
        isOpen = true
        field.forceActiveFocus()
    }
    function leave() {
        apply()
        field.focus = false // or the panel would give the keyboard back to it
        dismissed()
    }
    function apply() {
        pause.stop()
        bar.findings.filter = field.text
    }

    RowLayout {
        spacing: Theme.metric.space2
        Layout.fillWidth: true

        EntryField {
            id: field
            objectName: "findingsFilter"
            placeholderText: qsTr("severity >= error and entity.id = …")
            maximumLength: 16384
            Accessible.name: qsTr("Filter of findings")
            Layout.fillWidth: true
            onTextEdited: pause.restart()
            onAccepted: bar.leave()
            Keys.onEscapePressed: {
                field.clear()
                bar.isOpen = false
                bar.leave()
            }
        }
        ActionButton {
            objectName: "findingsOpenOnly"
            text: qsTr("Open only")
            iconName: bar.findings.openOnly ? "check" : ""
            Accessible.checkable: true
            Accessible.checked: bar.findings.openOnly
            onClicked: bar.findings.openOnly = !bar.findings.openOnly
        }
    }
    MutedText {
        text: bar.findings.filterProblem
        visible: text !== ""
        color: Theme.color.severityError
        wrapMode: Text.Wrap
        Layout.fillWidth: true
    }
    Timer {
        id: pause // a filter is asked for when the person has stopped typing
        interval: 300
        onTriggered: bar.apply()
    }
}
