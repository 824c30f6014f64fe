// What a reader sees of the page: its figures, its ground, and what is wrong.
(async () => {
	for (const e of document.querySelectorAll("details"))
		e.open = true;
	const faults = [];
	const fault = (e, text) => faults.push(`<${e.localName} class="${e.getAttribute("class") ?? ""}"> ${e.textContent.trim().slice(0, 40)}: ${text}`);
	const seen = e => {
		const r = e.getBoundingClientRect();
		return r.width > 0 && r.height > 0 && e.checkVisibility({opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true});
	};

	// Nothing is wider than the window, but in regions that scroll.
	const width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > width)
		faults.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${width}`);
	for (const e of document.body.querySelectorAll("*"))
		if (e.getBoundingClientRect().right > width + 0.5 && !e.parentElement.closest(".wide"))
			fault(e, `ends at ${e.getBoundingClientRect().right}, the window at ${width}`);
	for (const e of document.querySelectorAll(".wide"))
		if (e.tabIndex !== 0 || e.getAttribute("role") !== "region" || !e.getAttribute("aria-label"))
			fault(e, "scrolls, but not by the keyboard, or without a name");

	// Figures, and what they draw.
	const figures = [];
	for (const e of document.querySelectorAll("figure")) {
		const name = e.querySelector("figcaption, caption").textContent;
		const parts = [e, ...e.querySelectorAll("[role=img], svg, image, rect, .bar, .stack, .heat td")];
		for (const p of parts)
			if (!seen(p))
				fault(p, `not to be seen in the figure ${name}`);
		if (parts.length < 2)
			fault(e, "draws nothing");
		figures.push(name);
	}
	for (const e of document.querySelectorAll("image"))
		await e.decode().catch(error => fault(e, error));

	// Text has a contrast of 4.5 with its ground, whatever lies under that.
	const color = text => {
		const c = text.match(/[\d.]+/g).map(Number);
		return {rgb: c.slice(0, 3), alpha: c[3] ?? 1};
	};
	const over = (c, under) => c.rgb.map((v, i) => c.alpha * v + (1 - c.alpha) * under[i]);
	const ground = e => e === null ? [255, 255, 255] : over(color(getComputedStyle(e).backgroundColor), ground(e.parentElement));
	const light = rgb => {
		const [r, g, b] = rgb.map(v => v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = e => {
		const under = ground(e), [a, b] = [light(under), light(over(color(getComputedStyle(e).color), under))];
		return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	};
	for (const e of document.body.querySelectorAll("*"))
		if (e.namespaceURI === document.body.namespaceURI && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && !(contrast(e) >= 4.5))
			fault(e, `a contrast of ${contrast(e).toFixed(2)}`);
	const cell = document.querySelector(".heat td[style]");
	for (let shade = 0; cell && shade <= 1000; shade++) {
		cell.style.setProperty("--shade", shade / 1000);
		if (!(contrast(cell) >= 4.5))
			fault(cell, `a contrast of ${contrast(cell).toFixed(2)} at the shade ${shade / 1000}`);
	}
	return {figures, faults, ground: light(ground(document.body))};
})()
