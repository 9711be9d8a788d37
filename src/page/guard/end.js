// Turns the parts of the second file into what the first one asks it for, and what was allowed before the page into what is open.
allow(boot.granted);
// Where it came late, there is something to bring back.
if (proto && boot.granted && readiness(document) !== 'loading') grant('');
return { served, catches, offer, grant, gated, forget, text: `(${itself})(${stringify(told)},null,self);\n` };
