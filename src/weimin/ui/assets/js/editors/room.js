// Makes room for a step that is put into an arrow too short for it: it goes behind the step before, and what
// comes after moves on. One undo takes all of it back.
import CommandInterceptor from "diagram-js/lib/command/CommandInterceptor";

const GAP = 60, LATE = 100;

export class Room extends CommandInterceptor {
  static $inject = ["eventBus", "modeling", "elementRegistry"];
  constructor(bus, modeling, registry) {
    super(bus);
    this.postExecuted("elements.create", LATE, ({ context }) => {
      for (const one of context.elements) this.place(one, modeling, registry);
    });
  }

  straighten(arrow, modeling) {
    const { source, target } = arrow, y = source.y + source.height / 2;
    if (Math.abs(y - target.y - target.height / 2) < 5)
      modeling.updateWaypoints(arrow, [{ x: source.x + source.width, y }, { x: target.x, y }]);
  }

  place(one, modeling, registry) {
    if (one.labelTarget || one.incoming?.length !== 1 || one.outgoing?.length !== 1) return;
    const before = one.incoming[0].source, after = one.outgoing[0].target;
    const shapes = registry.filter((other) => other.width && !other.waypoints && !other.labelTarget && other.parent);
    const crowded = shapes.some((other) => other !== one && other.x < one.x + one.width + 10 && one.x < other.x + other.width + 10
      && other.y < one.y + one.height && one.y < other.y + other.height);
    if (!crowded || after.x <= before.x) return;
    const own = before.x + before.width + GAP - one.x;
    const ahead = Math.max(0, one.x + own + one.width + GAP - after.x);
    if (ahead) modeling.moveElements(shapes.filter((other) => other !== one && other.x >= after.x), { x: ahead, y: 0 });
    modeling.moveElements([one], { x: own, y: 0 });
    for (const arrow of [one.incoming[0], one.outgoing[0]]) this.straighten(arrow, modeling);
  }
}
