// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import EventOps.Expectations
import EventOps.Models
import EventOps.Theme

// The step machine of one entity type, drawn; the type is chosen above it.
FocusScope {
    id: pane
    required property StepMachinesModel machines
    readonly property bool hasMachine: machines.current >= 0

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Learned state machine")
    Accessible.description: machines.stepText !== "" ? machines.stepText : machines.summary

    Keys.onPressed: event => {
        event.accepted = true
        switch (event.key) {
        case Qt.Key_Right: pane.machines.nextStep(1); break
        case Qt.Key_Left: pane.machines.nextStep(-1); break
        case Qt.Key_Escape:
            event.accepted = pane.machines.step >= 0
            pane.machines.step = -1
            break
        default: event.accepted = false
        }
    }

    ColumnLayout {
        anchors.fill: parent
        spacing: Theme.metric.space1

        RowLayout {
            spacing: Theme.metric.space2
            Layout.fillWidth: true
            Layout.leftMargin: Theme.metric.space3
            Layout.rightMargin: Theme.metric.space3
            Layout.topMargin: Theme.metric.space2

            SectionTitle { text: pane.hasMachine ? qsTr("Learned machine of") : qsTr("Learned machine") }
            Choice {
                id: types
                objectName: "machineChoice"
                visible: pane.hasMachine
                model: pane.machines.names
                currentIndex: pane.machines.current
                Accessible.name: qsTr("Entity type of the machine")
                Layout.fillWidth: true
                Layout.maximumWidth: Theme.metric.space5 * 8
                onActivated: index => pane.machines.current = index
            }
            MutedText {
                text: pane.machines.summary
                horizontalAlignment: Text.AlignRight
                Layout.fillWidth: true
            }
        }
        Flickable {
            id: field
            visible: pane.hasMachine
            clip: true
            boundsBehavior: Flickable.StopAtBounds
            contentWidth: Math.max(width, drawing.implicitWidth)
            contentHeight: Math.max(height, drawing.implicitHeight)
            Layout.fillWidth: true
            Layout.fillHeight: true
            T.ScrollBar.vertical: ScrollMark {}
            T.ScrollBar.horizontal: ScrollMark {}

            StepMachineItem {
                id: drawing
                objectName: "machineDrawing"
                model: pane.machines
                room: Qt.size(field.width, field.height)
                x: Math.max(0, (field.width - implicitWidth) / 2)
                y: Math.max(0, (field.height - implicitHeight) / 2)
                width: implicitWidth
                height: implicitHeight
                Accessible.role: Accessible.Graphic
                Accessible.name: pane.Accessible.description

                TapHandler {
                    onTapped: point => {
                        pane.forceActiveFocus()
                        pane.machines.step = drawing.stepAt(point.position)
                    }
                }
            }
            Connections {
                target: pane.machines
                function onStepChanged() {
                    const box = drawing.boxOf(pane.machines.step)
                    if (box.width <= 0)
                        return
                    const left = box.x + drawing.x, top = box.y + drawing.y
                    const inView = (at, from, size, room) =>
                        Math.max(0, Math.min(Math.max(at, from + size - room), from))
                    field.contentX = inView(field.contentX, left, box.width, field.width)
                    field.contentY = inView(field.contentY, top, box.height, field.height)
                }
            }
        }
        MutedText {
            visible: pane.hasMachine
            text: pane.machines.stepText !== "" ? pane.machines.stepText
                : qsTr("Each way has its share of the cases and their median time. A click on a step tells more.")
            wrapMode: Text.Wrap
            maximumLineCount: 3
            Layout.fillWidth: true
            Layout.leftMargin: Theme.metric.space3
            Layout.rightMargin: Theme.metric.space3
            Layout.bottomMargin: Theme.metric.space2
        }
        MachineState {
            visible: !pane.hasMachine
            problem: pane.machines.problem
            Layout.fillWidth: true
            Layout.fillHeight: true
        }
    }
    Rectangle {
        anchors.fill: parent
        color: "transparent"
        visible: pane.activeFocus
        border.width: Theme.metric.border
        border.color: Theme.color.focus
    }
}
