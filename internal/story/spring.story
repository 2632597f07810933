# Spring: two parties with a line since 1 March, and little else between them. Everybody and everything in it is invented.
# Play it: parley demo spring --once
@2022-03-01T07:00Z aurelia officer add "Lt Amaro" --langs en
@2022-03-01T07:00Z aurelia sign-on "Lt Amaro"
@2022-03-01T07:00Z aurelia officer add "Ms Reyes" --account press --releaser
@2022-03-01T07:00Z borealia officer add "Cpt Bruni" --langs it,en
@2022-03-01T07:00Z borealia sign-on "Cpt Bruni"
! operators aurelia borealia answer
@2022-03-01T07:10Z aurelia post add "Minister of Defence" --org "Ministry of Defence" --level 2 --name "it=Ministro della Difesa" as $minister
@2022-03-01T07:10Z aurelia post add "Secretary of War" --theirs --org "War Office" --level 2 --name "it=Segretario alla Guerra" --pair "Minister of Defence" as $secretary
@2022-03-01T07:10Z aurelia post add "Chief of Staff" --org "Ministry of Defence" --level 2 --name "it=Capo di Stato maggiore" as $chief
@2022-03-01T07:10Z aurelia post add "Marshal of the Staff" --theirs --org "War Office" --level 2 --name "it=Maresciallo di Stato maggiore" --pair "Chief of Staff" as $marshal
@2022-03-01T07:10Z aurelia post add "National Security Adviser" --org Chancellery --level 2 --name "it=Consigliere per la sicurezza nazionale" as $adviser
@2022-03-01T07:10Z aurelia post add "Secretary of the Council" --theirs --org "Council of Security" --level 2 --name "it=Segretario del Consiglio" --pair "National Security Adviser" as $council
@2022-03-01T07:10Z aurelia post add "Chancellor" --org Chancellery --level 1 --name "it=Cancelliere" as $chancellor
@2022-03-01T07:10Z aurelia post add "President of Borealia" --theirs --org Palace --level 1 --name "it=Presidente della Borealia" --pair Chancellor as $president
@2022-03-01T07:20Z aurelia event add "the crossing" --when 2022-02-24 --name "it=il passaggio"
@2022-03-01T07:20Z aurelia event add "line opened" --when 2022-03-01 --name "it=linea aperta"
@2022-03-01T07:30Z aurelia contact add call --when 2022-02-11 --with $chief,$marshal --channel telephone --basis press
@2022-03-01T07:30Z aurelia contact add call --when 2022-02-18 --with $minister,$secretary --channel telephone --basis press
@2022-03-23T10:00Z aurelia request record --by $minister --with $secretary --for call --when 2022-02-25/2022-03-23 --standing --basis press as $call1
@2022-03-23T10:00Z aurelia request record --by $chief --with $marshal --for call --when 2022-02-25/2022-03-23 --standing --basis press as $call2
@2022-03-23T10:00Z aurelia request outcome $call1 declined --told-by "the press secretary" --on 2022-02-25/2022-03-23
@2022-03-23T10:00Z aurelia request outcome $call2 declined --told-by "the press secretary" --on 2022-02-25/2022-03-23
@2022-03-23T10:15Z aurelia contact add call --when 2022-03-14/2022-03-20 --with $adviser,$council --channel telephone --basis press
? @2022-03-23T18:00Z aurelia contacts --org "Ministry of Defence" --level 2 --since "the crossing" => 18 Feb; 11 Feb
? borealia contacts --org "War Office" --level 2 --since "the crossing" => 18 Feb; 11 Feb
? aurelia checks --since 2022-03-01 => 23 of 23 days; last 23 Mar 09:
? borealia checks --since 2022-03-01 => 23 of 23 days; last 23 Mar 09:
? aurelia figures --since 2022-03-01 => never used for substance; 23 of 23 days; longest gap 24 h
? borealia figures --since "line opened" => never used for substance; 23 of 23 days
? aurelia export spring.parley => logs
? borealia verify spring.parley --expect $aurelia.hash => HOLDS
