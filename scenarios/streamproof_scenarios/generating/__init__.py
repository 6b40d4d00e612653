"""Valid streams, drawn from a table of what each dialect can say.

    generated = generate("openai-chat", Seeded(7))
    scenario = generated.scenario("generated/7")

The same draws make the same stream.  What is drawn says what a conforming client makes of it.
"""

from streamproof_scenarios.generating.draw import Draw as Draw
from streamproof_scenarios.generating.draw import Seeded as Seeded
from streamproof_scenarios.generating.generated import Generated as Generated
from streamproof_scenarios.generating.generated import generate as generate
from streamproof_scenarios.generating.generated import yaml_text as yaml_text
